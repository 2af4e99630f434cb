namespace EgressAlerts.Model;

/// <summary>A text that matches equal texts. With a <c>*</c> at its end or beginning it matches a prefix or suffix, as in Istio's policies. <c>*</c> alone
/// matches everything.</summary>
public readonly record struct Pattern(string Text)
{
    public bool Matches(string text) =>
        Text == "*"
        || (Text.StartsWith('*') ? text.Length >= Text.Length && text.AsSpan().EndsWith(Text.AsSpan(1), StringComparison.Ordinal)
            : Text.EndsWith('*') ? text.AsSpan().StartsWith(Text.AsSpan(0, Text.Length - 1), StringComparison.Ordinal)
            : text == Text);

    /// <summary>Whether a text is a pattern: it is not empty, and it has at most one <c>*</c>, which is at an end.</summary>
    public static bool IsOne(string text) =>
        text.Length > 0 && (text == "*" || !text.Trim('*').Contains('*', StringComparison.Ordinal)) && text.Count(c => c == '*') <= 1;

    public override string ToString() => Text;
}

/// <summary>Matches workloads by <c>namespace/workload</c>, of which each part is a <see cref="Pattern"/>.</summary>
public readonly record struct WorkloadPattern(Pattern Namespace, Pattern Name)
{
    public bool Matches(Workload workload) => Namespace.Matches(workload.Namespace) && Name.Matches(workload.Name);

    /// <summary>Null where the text is no such pattern.</summary>
    public static WorkloadPattern? Parse(string text) =>
        text.Split('/') is [var ns, var name] && Pattern.IsOne(ns) && Pattern.IsOne(name) ? new(new(ns), new(name)) : null;

    public override string ToString() => $"{Namespace}/{Name}";
}
