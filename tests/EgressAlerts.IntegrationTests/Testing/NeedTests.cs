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
    public async Task Where_nobody_can_be_asked_who_is_not_root_is_told_the_command_and_nothing_is_installed()
    {
        // Without sudo the command is the whole advice.
        string[] asNobody = ["--reuid=65534", "--clear-groups", "bash", "-s", "--", Missing, Missing];
        var output = await Tool.OutputAsync("setpriv", asNobody, exitCode: 1, input: await File.ReadAllTextAsync(Need));
        Assert.Matches("apt-get install (--no-install-recommends )?egress-alerts-no-such-package\n", output);
        Assert.Matches("nothing was installed|please install as root", output);
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
