using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>Makes names that stand for all names under a parent.</summary>
internal static class RollUp
{
    /// <summary>The name above a host name. Empty where that would be above the registrable domain.</summary>
    public static string ParentOf(Destination destination)
    {
        var dot = destination.Name.IndexOf('.', StringComparison.Ordinal);
        if (destination.Domain.Length == 0 || dot < 0 || destination.Name[0] == '*') return "";
        return destination.Name.Length - dot - 1 >= destination.Domain.Length ? destination.Name[(dot + 1)..] : "";
    }

    public static string NameOf(string parent) => "*." + parent;
}
