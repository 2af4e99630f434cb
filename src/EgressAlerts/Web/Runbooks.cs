using System.Reflection;

namespace EgressAlerts.Web;

/// <summary>The runbooks of alerts/runbooks, carried in the program so that a link in an alert always opens.</summary>
internal static class Runbooks
{
    private const string Prefix = "runbooks/";
    private const string Extension = ".md";
    private static readonly Assembly Assembly = typeof(Runbooks).Assembly;

    public static IReadOnlyList<string> Names { get; } =
    [
        .. Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    public static string? Find(string name)
    {
        if (!Names.Contains(name)) return null;
        using var text = new StreamReader(Assembly.GetManifestResourceStream(Prefix + name + Extension)!);
        return text.ReadToEnd();
    }
}
