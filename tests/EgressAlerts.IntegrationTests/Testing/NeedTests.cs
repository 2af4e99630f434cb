using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Testing;

/// <summary><c>deploy/demo/need</c>, which installs nothing before somebody has agreed.</summary>
public sealed class NeedTests
{
    private const string Missing = "/no/such/file=egress-alerts-no-such-package";

    private static readonly string Need = Repository.File("deploy", "demo", "need");

    [Fact]
    public async Task What_is_there_needs_nothing() => Assert.Equal("", await Tool.OutputAsync(Need, ["--install", "bash=bash", "/etc/passwd=base-passwd"]));

    [Fact]
    public async Task Where_nobody_can_be_asked_it_shows_the_command_and_installs_nothing()
    {
        var output = await Tool.OutputAsync(Need, [Missing, Missing], exitCode: 1);
        Assert.Contains("apt-get install --no-install-recommends egress-alerts-no-such-package\n", output, StringComparison.Ordinal);
        Assert.Contains("nothing was installed", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_it_asks_and_no_answer_is_no()
    {
        foreach (var answer in (string[])["n", ""])
        {
            var output = await Tool.OutputAsync("script", ["-qec", $"{Need} {Missing}", "/dev/null"], exitCode: 1, input: answer + "\n");
            Assert.Contains("Install them now? [y/N]", output, StringComparison.Ordinal);
            Assert.Contains("Nothing was installed.", output, StringComparison.Ordinal);
        }
    }
}
