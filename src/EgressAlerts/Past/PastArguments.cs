using System.CommandLine;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Past;

/// <summary>The options that commands about past traffic share.</summary>
/// <param name="Namespace">Empty for all.</param>
internal sealed record PastArguments(string? ConfigFile, TimeSpan Since, string Namespace, string StoragePath, double MaxQps)
{
    private const double MostQps = 1_000;
    private static readonly TimeSpan LeastSince = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MostSince = TimeSpan.FromDays(400);

    private static readonly Option<string> SinceOption = new("--since")
    {
        Description = "How far back it begins, such as 14d, 12h or 2w.",
        DefaultValueFactory = _ => "14d",
    };

    private static readonly Option<string> NamespaceOption = new("--namespace")
    {
        Description = "Only the traffic of this namespace.",
        DefaultValueFactory = _ => "",
    };

    private static readonly Option<string> StorageOption = new("--storage.path")
    {
        Description = "Where a database of the service may be, which knows the addresses of names. It is not changed.",
        DefaultValueFactory = _ => "data/",
    };

    private static readonly Option<double> QpsOption = new("--max-qps")
    {
        Description = "How many queries begin in a second, one after the other.",
        DefaultValueFactory = _ => 5,
    };

    public static void AddTo(Command command, Option<string?> configFile)
    {
        foreach (var option in (Option[])[configFile, SinceOption, NamespaceOption, StorageOption, QpsOption]) command.Options.Add(option);
    }

    /// <summary>What is wrong with the options, as a sentence; null where they are good.</summary>
    public static string? Parse(ParseResult parsed, Option<string?> configFile, out PastArguments arguments)
    {
        var (since, ns, qps) = (parsed.GetValue(SinceOption)!, parsed.GetValue(NamespaceOption)!, parsed.GetValue(QpsOption));
        var length = DurationText.Parse(since) ?? TimeSpan.Zero;
        arguments = new(parsed.GetValue(configFile), length, ns, parsed.GetValue(StorageOption)!, qps);
        return length < LeastSince || length > MostSince
            ? $"--since: '{since}' is not a duration from {DurationText.Exact(LeastSince)} to {DurationText.Exact(MostSince)}, such as 14d, 12h or 2w"
            : ns.Length > 0 && LabelText.WorkloadName(ns) != ns ? $"--namespace: '{QuotedText.Of(ns, 80)}' is not the name of a namespace"
            : qps is not (> 0 and <= MostQps) ? FormattableString.Invariant($"--max-qps: {qps} is not a number above 0 and up to {MostQps}")
            : null;
    }
}
