using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>The section <c>prometheus</c>: whether the query API answers, what it is, and whether its clock agrees with ours. Any thread.</summary>
public static class ServerChecks
{
    public const string Section = "prometheus";

    /// <summary>A difference that is larger than what a busy network and whole seconds explain.</summary>
    private static readonly TimeSpan MaxDifference = TimeSpan.FromSeconds(5);

    public static CheckKind QueryApi { get; } = new(Section, "query_api", "the query API answers");

    public static CheckKind Kind { get; } = new(Section, "server_kind", "its kind and version, and whether it repairs samples in a way that loses some");

    public static CheckKind Clocks { get; } = new(Section, "clocks", "its clock agrees with the clock of this machine");

    public static CheckKind Limits { get; } = new(Section, "query_limits", "its limits have room for the queries of a window");

    public static IReadOnlyList<CheckKind> Kinds { get; } = [QueryApi, Kind, Clocks, Limits];

    /// <summary>Asks the server about itself.</summary>
    /// <returns>Null where the query API does not answer.</returns>
    public static async Task<ServerFacts?> RunAsync(ServerProbe probe, CheckBook book, TimeProvider time, CancellationToken cancel)
    {
        var asked = time.GetUtcNow();
        var build = await probe.ReadAsync("/api/v1/status/buildinfo", cancel);
        var difference = build.At - (asked + ((time.GetUtcNow() - asked) / 2));
        if (difference < TimeSpan.Zero) probe.Behind = -difference.Value;
        var (url, sink) = (probe.Options.Url, new LabelSink("__name__"));
        if (await probe.QueryAsync("vector(1)", sink, cancel) is { } failure)
        {
            book.Add(QueryApi.Fail(failure.Message, ServerRemedy.Of(failure, url), "vector(1)"));
            return null;
        }

        var kind = ServerKind.Of(build);
        book.Add(QueryApi.Ok($"{url.GetLeftPart(UriPartial.Path)} answers queries", "vector(1)"));
        book.Add(KindCheck(kind, url), ClockCheck(difference, probe.Options.Delay));
        var flags = await probe.ReadAsync(kind.Name == ServerKind.VictoriaMetrics ? "/flags" : "/api/v1/status/flags", cancel);
        var config = await probe.ReadAsync("/api/v1/status/config", cancel);
        return new(kind, ServerLimits.Of(flags), ServerPage.TextOf(config.Data(), "yaml"));
    }

    internal static Check KindCheck(ServerKind kind, Uri url)
    {
        var isRepaired = kind.Name == ServerKind.Thanos && !url.Query.Contains("dedup=false", StringComparison.Ordinal);
        return isRepaired
            ? Kind.Warn(
                $"{kind} deduplicates, and repairs counters only within rate() and similar functions: traffic that only one replica saw may be missing",
                $"prometheus: {{url: '{url.GetLeftPart(UriPartial.Path)}?dedup=false'}}")
            : Kind.Ok($"it is {kind}");
    }

    /// <param name="difference">How much later the server's clock is; null where the server does not show it.</param>
    internal static Check ClockCheck(TimeSpan? difference, TimeSpan delay)
    {
        const string Remedy = "timedatectl set-ntp true, on the machine whose clock is wrong";
        if (difference is not { } by) return Clocks.Ok("the server does not show its clock");
        var text = DurationText.Rounded(by.Duration());
        if (by.Duration() <= MaxDifference) return Clocks.Ok($"the server's clock and this machine's differ by {text}, which may be the way of the answer");

        // A window is read when it has been over for `delay` by our clock. By the server's clock it has to be over too.
        return -by > delay
            ? Clocks.Fail($"this machine's clock is {text} ahead of the server's, so windows are not over when they are read, and all of them fail", Remedy)
            : Clocks.Warn($"this machine's clock is {text} {(by < TimeSpan.Zero ? "ahead of" : "behind")} the server's", Remedy);
    }
}

/// <summary>What a server has told of itself.</summary>
public sealed class ServerFacts
{
    internal ServerFacts(ServerKind kind, ServerLimits limits, string config) => (Kind, Limits, Config) = (kind, limits, config);

    internal ServerKind Kind { get; }

    internal ServerLimits Limits { get; }

    /// <summary>The configuration of a Prometheus, as YAML; empty where it does not show it. It is never printed.</summary>
    internal string Config { get; }
}
