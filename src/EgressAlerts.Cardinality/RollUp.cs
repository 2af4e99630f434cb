using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>Names that stand for all names under a parent.</summary>
internal static class RollUp
{
    /// <summary>The name above a host name, where that is not above its registrable domain; else empty.</summary>
    public static string ParentOf(Destination destination)
    {
        var dot = destination.Name.IndexOf('.', StringComparison.Ordinal);
        if (destination.Domain.Length == 0 || dot < 0 || destination.Name[0] == '*') return "";
        return destination.Name.Length - dot - 1 >= destination.Domain.Length ? destination.Name[(dot + 1)..] : "";
    }

    public static string NameOf(string parent) => "*." + parent;
}
