using System.Net;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class AddressTextTests
{
    [Theory]
    [InlineData("1.2.3.4", "1.2.3.4", "")]
    [InlineData("1.2.3.4:443", "1.2.3.4", "443")]
    [InlineData("2001:db8::1", "2001:db8::1", "")]
    [InlineData("[2001:db8::1]", "2001:db8::1", "")]
    [InlineData("[2001:db8::1]:443", "2001:db8::1", "443")]
    [InlineData("::ffff:1.2.3.4", "1.2.3.4", "")]
    [InlineData("[fe80::1%eth0]:53", "fe80::1", "53")]
    [InlineData("1.2.3.4:99999", "1.2.3.4", "")]
    public void Addresses_are_read_in_every_spelling(string text, string address, string port)
    {
        Assert.True(AddressText.TryAddress(text, out var found, out var foundPort));
        Assert.Equal((IPAddress.Parse(address), port), (found, foundPort));
    }

    [Theory]
    [InlineData("")]
    [InlineData("unknown")]
    [InlineData("-")]
    [InlineData("0.0.0.0")]
    [InlineData("0.0.0.0:0")]
    [InlineData("::")]
    [InlineData("<nil>")]
    [InlineData("NULL")]
    [InlineData("?0a0b0c")]
    [InlineData("1.2")]
    [InlineData("0x7f.1.2.3")]
    [InlineData("256.1.1.1")]
    [InlineData("example.com:443")]
    public void What_is_no_address_is_not_read_as_one(string text) => Assert.False(AddressText.TryAddress(text, out _, out _));
}
