namespace EgressAlerts.Model;

/// <summary>A text that others are to be equal to, or with one <c>*</c> at its end or beginning a prefix or suffix, as in Istio's policies; <c>*</c> alone is any.</summary>
public readonly record struct Pattern(string Text)
{
    public bool Matches(string text) =>
        Text == "*"
        || (Text.StartsWith('*') ? text.Length >= Text.Length && text.EndsWith(Text[1..], StringComparison.Ordinal)
            : Text.EndsWith('*') ? text.StartsWith(Text[..^1], StringComparison.Ordinal)
            : text == Text);

    /// <summary>Whether it is a pattern at all: not empty, at most one <c>*</c>, and that at an end.</summary>
    public static bool IsOne(string text) => text.Length > 0 && (text == "*" || !text.Trim('*').Contains('*', StringComparison.Ordinal)) && text.Count(c => c == '*') <= 1;

    public override string ToString() => Text;
}

/// <summary>Some workloads: <c>namespace/workload</c>, each part a <see cref="Pattern"/>.</summary>
public readonly record struct WorkloadPattern(Pattern Namespace, Pattern Name)
{
    public bool Matches(Workload workload) => Namespace.Matches(workload.Namespace) && Name.Matches(workload.Name);

    /// <summary>Null where it is none.</summary>
    public static WorkloadPattern? Parse(string text) =>
        text.Split('/') is [var ns, var name] && Pattern.IsOne(ns) && Pattern.IsOne(name) ? new(new(ns), new(name)) : null;

    public override string ToString() => $"{Namespace}/{Name}";
}
