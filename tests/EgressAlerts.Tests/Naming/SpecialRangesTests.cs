using System.Net;
using EgressAlerts.Naming;

namespace EgressAlerts.Tests.Naming;

public sealed class SpecialRangesTests
{
    [Theory]
    [InlineData("169.254.169.254", "cloud-metadata")]
    [InlineData("169.254.170.2", "cloud-metadata")]
    [InlineData("169.254.170.23", "cloud-metadata")]
    [InlineData("100.100.100.200", "cloud-metadata")]
    [InlineData("168.63.129.16", "cloud-metadata")]
    [InlineData("fd00:ec2::254", "cloud-metadata")]
    [InlineData("fd20:ce::254", "cloud-metadata")]
    [InlineData("fd00:c1::a9fe:a9fe", "cloud-metadata")]
    [InlineData("240.240.3.4", "istio-auto-allocated")]
    [InlineData("2001:2::f0f0:1", "istio-auto-allocated")]
    [InlineData("127.255.0.1", "loopback")]
    [InlineData("::1", "loopback")]
    [InlineData("169.254.1.1", "link-local")]
    [InlineData("fe80::1", "link-local")]
    [InlineData("10.0.0.1", "private")]
    [InlineData("172.31.255.255", "private")]
    [InlineData("192.168.1.1", "private")]
    [InlineData("fd12::1", "private")]
    [InlineData("100.64.0.1", "cgnat")]
    [InlineData("203.0.113.9", "documentation")]
    [InlineData("2001:db8::1", "documentation")]
    [InlineData("198.19.0.1", "benchmarking")]
    [InlineData("192.0.0.8", "ietf-protocol")]
    [InlineData("100::1", "discard")]
    [InlineData("239.1.2.3", "multicast")]
    [InlineData("ff02::1", "multicast")]
    [InlineData("0.1.2.3", "this-network")]
    [InlineData("::", "this-network")]
    [InlineData("255.255.255.255", "reserved")]
    [InlineData("172.32.0.1", null)]
    [InlineData("100.128.0.1", null)]
    [InlineData("52.22.188.80", null)]
    [InlineData("2606:4700::1111", null)]
    [InlineData("100:0:0:1::1", null)]
    public void What_an_address_is_by_definition_has_a_clear_name(string address, string? name) =>
        Assert.Equal(name, SpecialRanges.Find(IPAddress.Parse(address)));
}
