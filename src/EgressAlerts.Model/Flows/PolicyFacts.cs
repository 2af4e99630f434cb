namespace EgressAlerts.Model;

/// <summary>What else a series says that only policies ask for: which of the labels and path prefixes that policies name it has, each as a line between line feeds.
/// It is never exported; since only what policies name is kept, it can take few values, whatever clients write.</summary>
public static class PolicyFacts
{
    /// <summary>Stands for the path among names of labels.</summary>
    public const string Path = ":path";

    public static string Of(IEnumerable<(string Name, string Value)> facts) => string.Concat(facts.Select(fact => Line(fact.Name, fact.Value)));

    public static bool Has(string facts, string name, string value) => facts.Length > 0 && facts.Contains(Line(name, value), StringComparison.Ordinal);

    private static string Line(string name, string value) => $"\n{name}={value}\n";
}
