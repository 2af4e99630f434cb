namespace EgressAlerts.Polling;

/// <summary>Cuts the namespaces of workloads in two, by their names. Stateless.</summary>
/// <remarks>A cut is a text such as <c>pa</c>. The names below it are one half, and all other values of the label are the other half, whatever they are: a
/// namespace that nobody has heard of, a hostile text, or none. So the halves hold each series once, and no list of names can be out of date.</remarks>
internal static class NamespaceCut
{
    public const string Label = "source_workload_namespace";

    /// <summary>Kubernetes allows names of 63 characters.</summary>
    private const int MaxLength = 63;

    /// <summary>The shortest text that has half of the names below it and half at or above it.</summary>
    /// <param name="values">Values of the label in any order. Those that are no names of namespaces are passed over, so none of them gets into a query.</param>
    /// <returns>Null where there are fewer than two names.</returns>
    public static string? Between(IEnumerable<string> values)
    {
        var names = values.Where(IsName).Distinct().Order(StringComparer.Ordinal).ToList();
        if (names.Count < 2) return null;
        var (below, above) = (names[(names.Count / 2) - 1], names[names.Count / 2]);
        return above[..(below.AsSpan().CommonPrefixLength(above) + 1)];
    }

    /// <summary>The two matchers of a cut. Each value of the label fits exactly one of them.</summary>
    public static (string Below, string Above) Matchers(string cut)
    {
        var pattern = Below(cut);
        return ($"{Label}=~\"{pattern}\"", $"{Label}!~\"{pattern}\"");
    }

    public static bool IsName(string text) =>
        text.Length is > 0 and <= MaxLength && text[0] != '-' && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>A pattern for everything that sorts before the cut. For <c>pa</c> it is <c>(?:[^p-~].*|p(?:[^a-~].*)?)?</c>.</summary>
    private static string Below(string cut)
    {
        var pattern = "";
        for (var at = cut.Length - 1; at >= 0; at--)
            pattern = $"(?:[^{cut[at]}-~].*{(pattern.Length > 0 ? $"|{cut[at]}{pattern}" : "")})?";
        return pattern;
    }
}
