using System.Net;
using EgressAlerts.Alerting;
using EgressAlerts.Configuration;
using EgressAlerts.Export;

namespace EgressAlerts.Web;

/// <summary>The snapshots that the pages about alerts read. Nothing of it changes while a page is made.</summary>
/// <param name="Past">What fires, and what fired within <c>alerting.history</c>.</param>
/// <param name="HeldBack">What would fire too if there were not so many.</param>
/// <param name="Window">The counters of the last window; null before the first one.</param>
internal sealed record AlertSources(
    IReadOnlyList<Alert> Past, IReadOnlyList<Alert> HeldBack, PublishedWindow? Window, Settings Settings, CachedHistory History)
{
    /// <summary>Finds the network of the user's or of a provider that holds an address.</summary>
    public Func<IPAddress, IPNetwork?> NetworkOf { get; init; } = _ => null;

    /// <summary>Which ServiceEntry let out what the counters show.</summary>
    public EntryUses Uses { get; init; } = EntryUses.None;

    public static AlertSources Of(Pass pass, Exposition exposition, EntryUses uses) =>
        new(pass.AlertHistory, pass.HeldBackAlerts, exposition.Current, pass.Settings, pass.History) { NetworkOf = pass.NetworkOf, Uses = uses };
}
