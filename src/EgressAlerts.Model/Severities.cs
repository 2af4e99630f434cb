using EgressAlerts.Common;

namespace EgressAlerts.Model;

/// <summary>The severities and their order.</summary>
public static class Severities
{
    public const string Info = "info";
    public const string Warning = "warning";
    public const string Critical = "critical";

    /// <summary>Mildest first.</summary>
    private static readonly string[] Order = [Info, Warning, Critical];

    public static IReadOnlyList<string> All => Order;

    /// <summary>The worse of two. An empty one is milder than all.</summary>
    public static string Worse(string a, string b) => Rank(a) >= Rank(b) ? a : b;

    /// <summary>One step worse; <c>critical</c> stays <c>critical</c>.</summary>
    public static string Raised(string severity) => Order[Math.Min(Rank(severity) + 1, Order.Length - 1)];

    /// <summary>How bad a severity is; -1 for what is none.</summary>
    public static int Rank(string severity) => Array.IndexOf(Order, severity);
}

/// <summary>A severity as text.</summary>
public sealed class SeverityAttribute() : ValueAttribute("info, warning, critical", "is none of info, warning, critical")
{
    public override object? Parse(string text) => Severities.All.Contains(text) ? text : null;
}
