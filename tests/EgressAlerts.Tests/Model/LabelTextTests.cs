using EgressAlerts.Model;

namespace EgressAlerts.Tests.Model;

public sealed class LabelTextTests
{
    [Theory]
    [InlineData("API.Example.com.", "api.example.com")]
    [InlineData("*.example.com", "*.example.com")]
    [InlineData("a_b-c.example.com", "a_b-c.example.com")]
    [InlineData("%22%3E%3Cscript%3E", "_invalid_")]
    [InlineData("a..b", "_invalid_")]
    [InlineData("a.*.b", "_invalid_")]
    [InlineData("bücher.example", "_invalid_")]
    [InlineData("a\"}\nb", "_invalid_")]
    [InlineData("__other__", "_invalid_")]
    [InlineData(".", "_invalid_")]
    public void A_host_is_fit_for_a_label_or_becomes_a_mark(string text, string expected) => Assert.Equal(expected, LabelText.Host(text));

    [Fact]
    public void A_host_of_4_kB_becomes_a_mark() => Assert.Equal("_invalid_", LabelText.Host(new string('a', 4096)));

    [Theory]
    [InlineData("cart-v2", "cart-v2")]
    [InlineData("__other__", "_invalid_")]
    [InlineData("a\"b", "_invalid_")]
    [InlineData("", "_invalid_")]
    public void A_workload_is_fit_for_a_label_or_becomes_a_mark(string text, string expected) => Assert.Equal(expected, LabelText.WorkloadName(text));

    [Theory]
    [InlineData("443", "443")]
    [InlineData("0443", "443")]
    [InlineData("0", "")]
    [InlineData("65536", "")]
    [InlineData("http", "")]
    public void A_port_is_a_number_or_nothing(string text, string expected) => Assert.Equal(expected, LabelText.Port(text));

    [Theory]
    [InlineData("UF,URX", "UF,URX")]
    [InlineData("-", "-")]
    [InlineData("", "")]
    [InlineData("U F", "_invalid_")]
    public void Flags_are_letters_and_commas(string text, string expected) => Assert.Equal(expected, LabelText.Flags(text));
}
