using System.Globalization;
using System.Text.Json.Nodes;

namespace EgressAlerts.Testing;

/// <summary>What a store makes of series that several replicas have.</summary>
public enum MergeMode
{
    /// <summary>Nothing (Thanos with <c>dedup=false</c>): each has its own, told apart by the external label <c>replica</c>.</summary>
    Duplicates,

    /// <inheritdoc cref="ReplicaMerge.Union"/>
    Union,

    /// <inheritdoc cref="ReplicaMerge.Chain"/>
    Chain,

    /// <inheritdoc cref="ReplicaMerge.Penalty"/>
    Penalty,
}

/// <summary>Makes one <c>data</c> member of the query API of those of several replicas.</summary>
public static class AnswerMerge
{
    /// <param name="answers">Each replica's name and its <c>data</c>, in the order of preference. They stay as they are.</param>
    /// <returns>Without answers an empty matrix. Of scalars and strings the first.</returns>
    public static JsonNode Merge(MergeMode mode, IReadOnlyList<(string Replica, JsonNode Data)> answers)
    {
        if (answers.Count == 0) return new JsonObject { ["resultType"] = "matrix", ["result"] = new JsonArray() };
        var type = answers[0].Data["resultType"]!.GetValue<string>();
        if (type is not ("matrix" or "vector")) return answers[0].Data.DeepClone();

        var series = answers.SelectMany(answer => answer.Data["result"]!.AsArray().Select(found => Labelled(mode, answer.Replica, found!.DeepClone())));
        var merged = series.GroupBy(found => Identity(found["metric"]!), StringComparer.Ordinal).OrderBy(same => same.Key, StringComparer.Ordinal)
            .Select(same => Merge(mode, [.. same]));
        return new JsonObject { ["resultType"] = type, ["result"] = new JsonArray([.. merged]) };
    }

    /// <summary>Only what comes straight from a replica has its label: an aggregation has lost it, and the metric's name with it.</summary>
    private static JsonNode Labelled(MergeMode mode, string replica, JsonNode series)
    {
        if (mode == MergeMode.Duplicates && series["metric"]!["__name__"] is not null) series["metric"]!["replica"] = replica;
        return series;
    }

    private static string Identity(JsonNode metric) =>
        string.Join(',', metric.AsObject().OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value!.ToJsonString()}"));

    private static JsonNode Merge(MergeMode mode, IReadOnlyList<JsonNode> same)
    {
        if (same.Count == 1 || mode == MergeMode.Duplicates || same.Any(series => series["values"] is null)) return same[0];
        IReadOnlyList<(long, double)>[] replicas = [.. same.Select(series => Samples(series["values"]!.AsArray()))];
        var merged = mode switch
        {
            MergeMode.Union => ReplicaMerge.Union(replicas),
            MergeMode.Chain => ReplicaMerge.Chain(replicas),
            _ => ReplicaMerge.Penalty(replicas),
        };
        same[0]["values"] = new JsonArray([.. merged.Select(sample => new JsonArray(sample.Milliseconds / 1000m, Text(sample.Value)))]);
        return same[0];
    }

    private static List<(long Milliseconds, double Value)> Samples(JsonArray values) =>
        [.. values.Select(sample => ((long)(sample![0]!.GetValue<decimal>() * 1000), Number(sample[1]!.GetValue<string>())))];

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    private static string Text(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);
}
