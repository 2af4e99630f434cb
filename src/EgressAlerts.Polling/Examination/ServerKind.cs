using System.Globalization;
using System.Text.RegularExpressions;
using EgressAlerts.Common;

namespace EgressAlerts.Polling;

/// <summary>What answers the queries.</summary>
/// <param name="Name">Such as <c>Prometheus</c>; empty where nobody can tell.</param>
/// <param name="Version">Empty where the server does not tell it.</param>
internal sealed record ServerKind(string Name, string Version)
{
    public const string VictoriaMetrics = "VictoriaMetrics";
    public const string Thanos = "Thanos";

    /// <param name="build">The page <c>/api/v1/status/buildinfo</c>.</param>
    public static ServerKind Of(ServerPage build)
    {
        var data = build.Data();
        var (application, version) = (ServerPage.TextOf(data, "application"), QuotedText.Of(ServerPage.TextOf(data, "version"), 40));

        // VictoriaMetrics shows nothing, or a version of Prometheus that Grafana is content with.
        if (build.IsVictoriaMetrics) return new(VictoriaMetrics, "");
        if (application.Length > 0) return new(QuotedText.Of(application, 40), version);
        if (version.Length == 0) return new("", "");

        // Thanos answers with the same fields as Prometheus, and has not reached 1.0.
        return new(version.StartsWith("0.", StringComparison.Ordinal) ? Thanos : "Prometheus", version);
    }

    public override string ToString() => Name.Length == 0 ? "a server that does not tell its kind" : $"{Name} {Version}".TrimEnd();
}

/// <summary>The limits that a server shows. Null where it shows none.</summary>
/// <param name="MaxSamples">How many samples one query may read.</param>
/// <param name="MaxSeries">How many series one query may read.</param>
internal sealed partial record ServerLimits(long? MaxSamples, long? MaxSeries, string Lookback)
{
    public static ServerLimits None { get; } = new(null, null, "");

    /// <param name="flags">Prometheus' page <c>/api/v1/status/flags</c>, or VictoriaMetrics' page <c>/flags</c>.</param>
    public static ServerLimits Of(ServerPage flags)
    {
        var data = flags.Data();
        var lookback = ServerPage.TextOf(data, "query.lookback-delta");
        if (Number(ServerPage.TextOf(data, "query.max-samples")) is { } samples) return new(samples, null, QuotedText.Of(lookback, 20));
        return flags.IsGood && flags.IsVictoriaMetrics
            ? new(Number(MaxSamplesPattern().Match(flags.Text).Groups[1].Value), Number(MaxSeriesPattern().Match(flags.Text).Groups[1].Value), "")
            : None;
    }

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    [GeneratedRegex("search\\.maxSamplesPerQuery=\"?(\\d+)", RegexOptions.NonBacktracking)]
    private static partial Regex MaxSamplesPattern();

    [GeneratedRegex("search\\.maxUniqueTimeseries=\"?(\\d+)", RegexOptions.NonBacktracking)]
    private static partial Regex MaxSeriesPattern();
}
