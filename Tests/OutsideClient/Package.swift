// swift-tools-version: 6.2
import PackageDescription

// A program of somebody else's: it sees of ccm-lab what its public products show.
let package = Package(
    name: "outside-client",
    dependencies: [.package(name: "ccm-lab", path: "../..")],
    targets: [
        .executableTarget(
            name: "outside",
            dependencies: [
                .product(name: "ClusterConnection", package: "ccm-lab"),
                .product(name: "PartnerRuntime", package: "ccm-lab"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
    ]
)
