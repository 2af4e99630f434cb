using EgressAlerts.Common;
using static System.FormattableString;

namespace EgressAlerts.Detection;

/// <summary>How findings speak of destinations, amounts and times: the same in every alert.</summary>
internal static class Wording
{
    /// <summary>A destination with its address, its port, and where its name comes from.</summary>
    /// <example><c>api.stripe.com (52.0.0.1, port 443; name confirmed by DNS in both directions)</c>.</example>
    public static string Destination(Flow flow, Destination destination)
    {
        var address = flow.To.Address is { } to && to.ToString() != destination.Name ? $"{to}" : "";
        var port = flow.To.Port.Length > 0 ? $"port {flow.To.Port}" : "";
        var where = string.Join(", ", ((string[])[address, port]).Where(part => part.Length > 0));
        return $"{Name(destination.Name, destination.Confirmed)} ({where}{(where.Length > 0 ? "; " : "")}{Trust(destination)})";
    }

    /// <summary>A name that may be unconfirmed.</summary>
    public static string Name(string name, bool confirmed) => confirmed ? name : Unlinked(name);

    /// <summary>A name that nobody vouches for, written so that no chat makes a link of it: <c>evil[.]example[.]com</c>.</summary>
    public static string Unlinked(string name) => name.Replace(".", "[.]", StringComparison.Ordinal);

    /// <summary>What a summary says of a limit.</summary>
    /// <param name="isUsual">Whether the limit comes from what is usual, and not from a floor of the configuration.</param>
    public static string Limit(string limit, bool isUsual) => isUsual ? $"usually up to {limit}" : $"the limit is {limit}";

    /// <summary>Bytes in binary units: 2,048 is <c>2 KiB</c>.</summary>
    public static string Bytes(double bytes) => SizeText.Rounded(bytes < 1024 ? Math.Round(bytes) : bytes);

    /// <summary>A duration in its largest unit that fits: 90 minutes are <c>1.5 h</c>, two days are <c>2 d</c>, one day is <c>24 h</c>.</summary>
    public static string Duration(TimeSpan length) => DurationText.Rounded(length);

    /// <summary>A destination and its port, for a summary: <c>evil[.]example[.]com:443</c>.</summary>
    public static string Place(string name, bool confirmed, string port)
    {
        var text = name.Contains(':', StringComparison.Ordinal) && port.Length > 0 ? $"[{name}]" : Name(name, confirmed);
        return port.Length > 0 ? $"{text}:{port}" : text;
    }

    /// <summary>A destination and the port that was used first.</summary>
    public static string Place(Episode episode) => Place(episode.Destination.Name, episode.Destination.Confirmed, episode.Flow.To.Port);

    public static string Time(DateTimeOffset at) => Invariant($"{at:yyyy-MM-dd HH:mm:ss 'UTC'}");

    /// <summary>When something went on, after the word for what it was: <c>at 10:00</c>, or <c>between 10:00 and 11:00</c>.</summary>
    public static string Span(FiringState state) =>
        state.Since == state.Last ? $"at {Time(state.Since)}" : $"between {Time(state.Since)} and {Time(state.Last)}";

    public static string Times(double count) => count == 1 ? "once" : Invariant($"{count:0} times");

    public static string Attempts(double count) => count <= 1 ? "1 attempt" : Invariant($"{count:0} attempts");

    /// <summary>Where the mesh refused everything, that nothing was sent; else nothing.</summary>
    public static string Outcome(Episode episode) => episode.Flow.Route == Route.Blocked ? " Istio refused it, so nothing left the mesh." : "";

    /// <summary>What the workload did, before the destination's name. What the mesh refused was only tried.</summary>
    public static string Contact(Episode episode) => episode.Flow.Route == Route.Blocked ? "tried to reach" : "talked to";

    /// <summary>How much an episode carried, and when.</summary>
    public static string Amount(Episode episode) => $"{Sum(episode)} {Span(episode)}";

    /// <summary>How much an episode carried. What the mesh refused carried nothing.</summary>
    public static string Sum(Episode episode)
    {
        if (episode.Flow.Route == Route.Blocked) return Attempts(episode.Count);
        var count = episode.Count == 1 ? "1 request or connection" : Invariant($"{episode.Count:0} requests or connections");
        var upload = $"{Bytes(episode.Upload)} sent out";
        return (episode.Count > 0, episode.Upload > 0) switch
        {
            (true, true) => $"{count} and {upload}",
            (true, false) => count,
            (false, true) => upload,
            _ => "an open connection",
        };
    }

    private static string Trust(Destination destination) => destination.Source switch
    {
        NameSource.Sni when destination.Confirmed => "the client's TLS server name, and DNS agrees",
        NameSource.Host when destination.Confirmed => "the client's Host header, and DNS agrees",
        NameSource.Registry => "registered in the mesh",
        NameSource.Network => "named by your networks",
        NameSource.Special => "a special address",
        NameSource.Sni => "name claimed by the client's TLS server name",
        NameSource.Host => "name claimed by the client's Host header",
        NameSource.Ptr => "name from reverse DNS, which resolves back",
        NameSource.PtrUnconfirmed => "name from reverse DNS, does not resolve back",
        NameSource.Ip => "no name",
        _ => "neither address nor name in the telemetry",
    };
}
