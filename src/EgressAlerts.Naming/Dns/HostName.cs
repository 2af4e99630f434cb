using System.Net;
using EgressAlerts.Model;

namespace EgressAlerts.Naming.Dns;

/// <summary>Tells host names from other text. Reverse zones hold whatever their owner wrote, so only text that looks like a host name may become one.</summary>
internal static class HostName
{
    private const int MaxName = 253;
    private const int MaxLabel = 63;

    /// <summary>Whether the text, in lower case and without a trailing dot, may become the name of a destination.</summary>
    public static bool IsOne(string name)
    {
        if (LabelText.Host(name) == LabelValues.Invalid || name.Contains('*', StringComparison.Ordinal)) return false;
        if (!name.Contains('.', StringComparison.Ordinal)) return false;
        if (name.EndsWith(".arpa", StringComparison.Ordinal) || IPAddress.TryParse(name, out _)) return false;
        var top = name.AsSpan(name.LastIndexOf('.') + 1);
        return top.Length > 0 && top.ContainsAnyExceptInRange('0', '9') && HasGoodLabels(name);
    }

    /// <summary>Whether DNS can be asked about the name: labels of 1 to 63 characters, 253 in all, each a visible ASCII character. The characters <c>\</c> and
    /// <c>"</c> are refused, because they stand only in names that the package has escaped.</summary>
    public static bool CanBeAsked(string name) =>
        name.Length <= MaxName && !name.AsSpan().ContainsAnyExceptInRange('!', '~') && !name.AsSpan().ContainsAny('\\', '"') && HasGoodLabels(name);

    private static bool HasGoodLabels(string name)
    {
        foreach (var label in name.AsSpan().Split('.'))
        {
            if (label.End.Value - label.Start.Value is 0 or > MaxLabel) return false;
        }

        return true;
    }
}
