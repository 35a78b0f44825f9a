import Glibc
import Testing

import Verbs

@Suite("Devices of this system")
struct DeviceTests {
    @Test("Listing finds devices, or none, or says what is missing")
    func list() {
        do {
            for device in try Device.list() { #expect(!device.name.isEmpty) }
        } catch {
            #expect(error.call.description == "ibv_get_device_list")
            #expect(error.errno == ENOSYS || error.errno == EPERM || error.errno == ENOENT)
        }
    }
}
