using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Explain;

/// <summary>Traffic that somebody asks about. It need not have happened.</summary>
/// <param name="ClaimedAs">What the name of the destination is: one of <see cref="Kinds"/>.</param>
internal sealed record ExplainQuery(Flow Flow, string ClaimedAs)
{
    private const string Service = "service";

    /// <summary>Where a name may stand: TLS's server name, HTTP's Host header, or a ServiceEntry.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["sni", "host", Service];

    public static IReadOnlyList<string> Routes { get; } = [.. Enum.GetValues<Route>().Select(route => route.LabelValue())];

    /// <param name="asked">Texts as they came. Empty texts are left out.</param>
    /// <param name="query">The traffic, where nothing is wrong.</param>
    /// <returns>What is wrong, as a sentence that begins with the argument; null where nothing is.</returns>
    public static string? Parse(ExplainArguments asked, out ExplainQuery? query)
    {
        query = null;
        var (source, name, address) = (ReadSource(asked.Source), asked.Destination, asked.Address);
        if (source is null) return $"source '{QuotedText.Of(asked.Source, 60)}' is not namespace/workload.";
        // Whoever writes an address for a name means the address.
        if (address.Length == 0 && ReadAddress(name) is not null) (name, address) = ("", name);
        var host = name.Length == 0 ? "" : LabelText.Host(name);
        if (host == LabelValues.Invalid) return $"destination '{QuotedText.Of(name, 60)}' is not a host name, such as www.example.com, nor an address.";
        if (address.Length > 0 && ReadAddress(address) is null) return $"address '{QuotedText.Of(address, 60)}' is not an IP address.";
        if (host.Length == 0 && address.Length == 0) return "destination and address are both missing: give one of them, or both.";
        if (asked.Port.Length > 0 && LabelText.Port(asked.Port).Length == 0) return $"port '{QuotedText.Of(asked.Port, 60)}' is not a port from 1 to 65535.";
        var kind = asked.As.Length == 0 ? Kinds[0] : asked.As;
        if (!Kinds.Contains(kind)) return $"as '{QuotedText.Of(kind, 60)}' is none of {string.Join(", ", Kinds)}.";
        var route = asked.Route.Length > 0 ? asked.Route : (kind == Service && host.Length > 0 ? Route.Registered : Route.Passthrough).LabelValue();
        if (!Routes.Contains(route)) return $"route '{QuotedText.Of(route, 60)}' is none of {string.Join(", ", Routes)}.";
        var to = new RawDestination(
            ReadAddress(address), asked.Port, kind == Service ? host : "", kind == "host" ? host : "", kind == "sni" ? host : "");
        query = new(new Flow(source, to, LabelValues.Parse<Route>(route), Protocol.Tcp), kind);
        return null;
    }

    /// <summary>A workload without names where nobody gave one; null where the text is none.</summary>
    private static Workload? ReadSource(string text) => text.Length == 0 ? new("", "")
        : text.Split('/') is [var ns, var name] && IsName(ns) && IsName(name) ? new(ns, name)
        : null;

    private static bool IsName(string text) => LabelText.WorkloadName(text) != LabelValues.Invalid;

    /// <summary>The platform's parser also takes 1.2 and 0x7f000001, which nobody means.</summary>
    private static IPAddress? ReadAddress(string text)
    {
        if (!text.Contains(':', StringComparison.Ordinal) && text.Count(c => c == '.') != 3) return null;
        if (!IPAddress.TryParse(text, out var address) || text.Contains('%', StringComparison.Ordinal)) return null;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}

/// <summary>What somebody wrote into the form or on the command line. Empty texts are left out.</summary>
/// <param name="Source">As <c>namespace/workload</c>.</param>
/// <param name="Destination">A name, or an address.</param>
/// <param name="As">One of <see cref="ExplainQuery.Kinds"/>.</param>
/// <param name="Route">The label value of a route.</param>
public sealed record ExplainArguments(string Source, string Destination, string Address, string Port, string As, string Route);
