using System.Net;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests;

/// <summary>Windows and increments for tests of the stages behind polling.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly Workload Cart = new("shop", "cart");

    /// <summary>A pass that tells nothing.</summary>
    public static PassLogs NoLogs => new(new AccessLog(NullLogger.Instance), new AlertLog(NullLogger.Instance), NullLogger.Instance);

    public static Window Window(int number) => new(Start.AddSeconds(30 * (number - 1)), Start.AddSeconds(30 * number));

    public static Flow Flow(
        string address = "",
        string host = "",
        string service = "",
        Route route = Route.Passthrough,
        Workload? source = null,
        string sni = "",
        string port = "443") =>
        new(source ?? Cart, new RawDestination(address.Length == 0 ? null : IPAddress.Parse(address), port, service, host, sni), route, Protocol.Tcp);

    public static Increment Increment(Flow flow, double amount = 1, Metric metric = Metric.ConnectionsClosed, string code = "", string flags = "") =>
        new(new(flow, metric, code, flags), amount);

    public static Ledger Ledger { get; } = new(Start, [new(Metric.Requests, "in_mesh", 4)], []);

    public static Reading Reading(int window, params IReadOnlyList<Increment> increments) => new(Window(window), increments);

    /// <summary>A window whose destinations are all named, each by its key.</summary>
    public static NamedReading Named(int window, params IReadOnlyList<Increment> increments) => NamedAs(
        window, [.. increments.Select(increment => new NamedIncrement(increment, new Destination(increment.Flow.To.Key, NameSource.Ptr, Confirmed: true)))]);

    public static NamedReading NamedAs(int window, params IReadOnlyList<NamedIncrement> increments) => new(Window(window), increments);

    /// <summary>What the window showed.</summary>
    public static List<NamedIncrement> Seen(this NamedReading named) => [.. named.Increments.Where(increment => increment.IsSeen)];

    /// <summary>What the window counts.</summary>
    public static List<NamedIncrement> Final(this NamedReading named) => [.. named.Increments.Where(increment => increment.IsFinal)];
}
