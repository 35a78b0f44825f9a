// swift-tools-version: 6.2
import PackageDescription

/// Every target compiles in the Swift 6 language mode, and a warning is an error.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

// Every target names all modules of this package that it is built from, and not only those that it imports: the
// optimiser looks through modules, and the package manager rebuilds a target only for what it names.
let package = Package(
    name: "ccm-lab",
    products: [
        .library(name: "ClusterConnection", targets: ["ClusterConnection"]),
        .library(name: "PartnerRuntime", targets: ["PartnerRuntime"]),
        .executable(name: "ccmd", targets: ["ccmd"]),
        .executable(name: "ccmlab", targets: ["ccmlab"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CRDMA",
            providers: [.apt(["libibverbs-dev", "librdmacm-dev"])]),
        .systemLibrary(name: "CCapability", providers: [.apt(["libcap-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CProcessor"),
        .target(name: "Addressing", swiftSettings: strict),
        .target(name: "Verbs", dependencies: ["CRDMA"], swiftSettings: strict),
        .target(name: "ClusterConnection", swiftSettings: strict),
        .target(name: "Recording", dependencies: ["ClusterConnection"], swiftSettings: strict),
        .target(name: "Simulation", dependencies: ["ClusterConnection"], swiftSettings: strict),
        .target(
            name: "StrictYAML",
            dependencies: ["ClusterConnection", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        .target(
            name: "PartnerRuntime",
            dependencies: [
                "Addressing", "CCapability", "CLinux", "CProcessor", "ClusterConnection", "Recording",
                "StrictYAML", "Verbs",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "LabKit",
            dependencies: [
                "Addressing", "ClusterConnection", "Recording", "Simulation", "StrictYAML",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "ccmd",
            dependencies: [
                "Addressing", "ClusterConnection", "PartnerRuntime", "Recording", "StrictYAML", "Verbs",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "ccmlab",
            dependencies: [
                "Addressing", "ClusterConnection", "LabKit", "Recording", "Simulation", "StrictYAML",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        // A partner that breaks the rules one at a time: for scripts/tests/verbs/hostile-partner, and no product.
        .executableTarget(
            name: "hostile-partner", dependencies: ["ClusterConnection", "Verbs"],
            path: "Tests/HostilePartner", swiftSettings: strict),
        .testTarget(name: "AddressingTests", dependencies: ["Addressing"], swiftSettings: strict),
        .testTarget(name: "VerbsTests", dependencies: ["Verbs"], swiftSettings: strict),
        .testTarget(
            name: "ClusterConnectionTests", dependencies: ["ClusterConnection", "FuzzingSupport"],
            swiftSettings: strict),
        // What fuzz tests do to bytes.
        .target(
            name: "FuzzingSupport", dependencies: ["ClusterConnection"], path: "Tests/FuzzingSupport",
            swiftSettings: strict),
        .testTarget(
            name: "RecordingTests", dependencies: ["ClusterConnection", "FuzzingSupport", "Recording"],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "Addressing", "ClusterConnection", "LabKit", "Recording", "Simulation", "StrictYAML",
            ],
            swiftSettings: strict),
        .testTarget(name: "StrictYAMLTests", dependencies: ["StrictYAML"], swiftSettings: strict),
        .testTarget(
            name: "PartnerRuntimeTests",
            dependencies: [
                "Addressing", "CLinux", "ClusterConnection", "PartnerRuntime", "Recording",
                "ReferenceSupport", "StrictYAML",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ccmdTests",
            dependencies: [
                "Addressing", "ClusterConnection", "PartnerRuntime", "Recording", "ReferenceSupport",
                "StrictYAML", "Verbs", "ccmd",
            ],
            swiftSettings: strict),
        // How tests read the pages of docs that are references.
        .target(name: "ReferenceSupport", path: "Tests/ReferenceSupport", swiftSettings: strict),
        .testTarget(
            name: "LabKitTests",
            dependencies: [
                "Addressing", "ClusterConnection", "LabKit", "Recording", "ReferenceSupport", "Simulation",
                "StrictYAML",
            ],
            swiftSettings: strict),
    ]
)
