using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>The files of a release, as <c>deploy/release</c> makes them. The program is made for amd64, on which the tests run.</summary>
[Collection(nameof(Builds))]
public sealed partial class ReleaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_release_has_a_program_that_needs_no_dotnet_a_chart_and_a_list_of_its_packages()
    {
        var (release, checkout) = (_folder.File("release"), _folder.File("checkout"));
        var commit = await CommitAsync(checkout);
        await Tool.OutputAsync(Path.Combine(checkout, "deploy", "release"), [release, "--architectures=amd64"], limit: TimeSpan.FromMinutes(15));
        var files = Directory.GetFiles(release).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).ToList();
        var name = NamePattern().Match(files[0]).Value;
        var version = name["egress-alerts-".Length..];
        Assert.Equal([$"{name}.cdx.json", $"{name}.linux-amd64.tar.gz", $"{name}.tgz", "sha256sums.txt"], files);
        await Tool.OutputAsync("bash", ["-c", $"cd '{release}' && sha256sum --check --strict sha256sums.txt"]);

        // Where no .NET can be found.
        await Tool.OutputAsync("tar", ["--extract", $"--directory={_folder.Path}", $"--file={release}/{name}.linux-amd64.tar.gz"]);
        var program = _folder.File($"{name}.linux-amd64");
        string[] withoutDotnet = ["-i", "PATH=/nowhere", "DOTNET_ROOT=/nowhere", $"{program}/egress-alerts"];
        Assert.StartsWith($"egress-alerts {version}+{commit}\n", await Tool.OutputAsync("env", [.. withoutDotnet, "version"]), StringComparison.Ordinal);
        await Tool.OutputAsync("env", [.. withoutDotnet, "check-config", $"{program}/egress-alerts.yml"]);
        foreach (var file in (string[])["LICENSE", "CHANGELOG.md", "egress-alerts.service"]) Assert.True(File.Exists(Path.Combine(program, file)), file);

        // Every package that the program loads something of is in the list, with its licence and its hash.
        var list = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(release, $"{name}.cdx.json")))!;
        var listed = list["components"]!.AsArray().Select(package => $"{package!["name"]}/{package["version"]}").ToList();
        var loaded = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(program, "egress-alerts.deps.json")))!["libraries"]!.AsObject()
            .Where(library => (string?)library.Value!["type"] == "package").Select(library => library.Key).ToList();
        Assert.True(loaded.Count > 20, "packages are found");
        Assert.Equal([], loaded.Except(listed));
        Assert.All(list["components"]!.AsArray(), package => Assert.NotEmpty(package!["licenses"]!.AsArray()));
        Assert.All(list["components"]!.AsArray(), package => Assert.NotEmpty(package!["hashes"]!.AsArray()));

        var rendered = await ClusterTools.HelmAsync(["template", "x", $"{release}/{name}.tgz"]);
        Assert.Contains($"egress-alerts:{version}", rendered, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("there")]
    [InlineData("new", "--architectures=riscv64")]
    [InlineData("new", "--architecture=amd64")]
    public async Task Wrong_usage_makes_nothing(params string[] arguments)
    {
        Directory.CreateDirectory(_folder.File("there"));
        var typed = arguments.Select((argument, index) => index == 0 ? _folder.File(argument) : argument);
        await Tool.OutputAsync(Repository.File("deploy", "release"), typed, exitCode: 2);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.File("there")));
        Assert.False(Path.Exists(_folder.File("new")));
    }

    /// <summary>Commits what a release is made of to a repository of its own: where the tests run there may be files and no history.</summary>
    /// <returns>The commit.</returns>
    private static async Task<string> CommitAsync(string checkout)
    {
        Directory.CreateDirectory(checkout);
        await Tool.OutputAsync(
            "bash",
            [
                "-c", "cd \"$1\"; tar --create --exclude=./.git --exclude=./tests --exclude=bin --exclude=obj . | tar --extract --directory=\"$2\"", "",
                Repository.Root, checkout,
            ]);
        string[] git = ["-C", checkout, "-c", "user.name=test", "-c", "user.email=test@example.com"];
        await Tool.OutputAsync("git", [.. git, "init", "--quiet"]);
        await Tool.OutputAsync("git", [.. git, "add", "--all"]);
        await Tool.OutputAsync("git", [.. git, "commit", "--quiet", "--message=what there is"]);
        return (await Tool.OutputAsync("git", [.. git, "rev-parse", "HEAD"])).Trim();
    }

    [GeneratedRegex(@"^egress-alerts-\d+\.\d+\.\d+")]
    private static partial Regex NamePattern();
}
