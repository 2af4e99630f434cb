using System.Text.RegularExpressions;
using EgressAlerts.Configuration;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Documents;

/// <summary>Every document: its links lead somewhere, its lines can be read, and each piece of configuration in it is one that the service takes.</summary>
public sealed partial class DocumentTests : IDisposable
{
    private const int MaxLine = 160;

    /// <summary>Where the snippets have their files. The test has them in a folder of its own.</summary>
    private const string Folder = "/etc/egress-alerts/";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => new(Markdown.Documents.Select(file => Path.GetRelativePath(Repository.Root, file)));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Relative_links_lead_to_files_and_headings_that_exist(string name)
    {
        var file = Repository.File(name);
        var links = LinkPattern().Matches(string.Join('\n', Markdown.Prose(file))).Select(match => match.Groups[1].Value)
            .Where(link => !link.Contains("://", StringComparison.Ordinal));
        Assert.Equal([], links.Where(link => !Exists(file, link)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Lines_of_prose_are_short(string name)
    {
        Assert.Equal([], Markdown.Prose(Repository.File(name)).Where(line => line.Length > MaxLine && !line.StartsWith('|')));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Pieces_of_configuration_are_good(string name)
    {
        WriteFiles();
        foreach (var snippet in Snippets(Repository.File(name)))
        {
            var config = _folder.Write("egress-alerts.yml", snippet.Replace(Folder, _folder.Path + "/", StringComparison.Ordinal));
            var error = Record.Exception(() => ConfigLoader.Check(config));
            Assert.True(error is null, $"{snippet}\n{error?.Message}");
        }
    }

    [Fact]
    public void Pieces_of_configuration_are_found()
    {
        Assert.True(Snippets(Repository.File("alerts", "tuning.md")).Count() >= 30);
        Assert.True(Snippets(Repository.File("alerts", "policies.md")).Count() >= 10);
        Assert.NotNull(Record.Exception(() => ConfigLoader.Check(_folder.Write("egress-alerts.yml", "detection: {blocked: {quite: 1h}}"))));
    }

    [Fact]
    public void A_link_to_nowhere_is_found()
    {
        var file = Repository.File("README.md");
        Assert.True(Exists(file, "deploy/README.md#reference"));
        Assert.False(Exists(file, "deploy/README.md#no-such-heading"));
        Assert.False(Exists(file, "deploy/no-such-file.md"));
    }

    /// <summary>What begins with a section of the configuration: indented blocks, and short ones in the middle of a line.</summary>
    private static IEnumerable<string> Snippets(string file) =>
    [
        .. Markdown.Blocks(file).SelectMany(block => block.Split("\n\n")).Where(block => SectionPattern().IsMatch(block)),
        .. InlinePattern().Matches(string.Join('\n', Markdown.Prose(file))).Select(match => match.Groups[1].Value),
    ];

    private void WriteFiles()
    {
        _folder.Write("networks.csv", "192.0.2.0/24,backup-provider,backup,eu-west-1\n");
        _folder.Write("ip-ranges.json", """{"prefixes": [{"ip_prefix": "192.0.2.0/24", "region": "eu-west-1", "service": "S3"}], "ipv6_prefixes": []}""");
        _folder.Write("drop.txt", "203.0.113.0/24\n");
        _folder.Write("mesh.yml", "apiVersion: v1\nkind: List\nitems: []\n");
        _folder.Write("password", "secret\n");
    }

    private static bool Exists(string from, string link)
    {
        var (path, anchor) = (link.Split('#')[0], link.Contains('#', StringComparison.Ordinal) ? link.Split('#')[1] : "");
        var to = path.Length == 0 ? from : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(from)!, path));
        if (!Path.Exists(to)) return false;
        return anchor.Length == 0 || Markdown.Prose(to).Where(line => line.StartsWith('#')).Select(Anchor).Contains(anchor);
    }

    /// <summary>As GitHub makes it of a heading.</summary>
    private static string Anchor(string heading) =>
        PunctuationPattern().Replace(heading.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex PunctuationPattern();

    [GeneratedRegex(@"^(prometheus|telemetry|dns|destinations|cardinality|detection|policies|alerting):")]
    private static partial Regex SectionPattern();

    [GeneratedRegex(@"`((?:prometheus|telemetry|dns|destinations|cardinality|detection|policies|alerting): [{\[][^`]*)`")]
    private static partial Regex InlinePattern();
}
