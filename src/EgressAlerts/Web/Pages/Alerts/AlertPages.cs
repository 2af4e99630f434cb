namespace EgressAlerts.Web;

/// <summary>The pages about alerts, and the lists for machines.</summary>
internal sealed class AlertPages(PageSources sources)
{
    public const string NoSuchAlert = "There is no alert with this fingerprint, or it resolved longer than alerting.history ago. "
        + "/api/v1/alerts shows what fires, and with start what has fired since.";

    private AlertSources Current => AlertSources.Of(sources.Pass, sources.Exposition, sources.EntryUses);

    public void Map(PageRoutes pages)
    {
        pages.MapPage<AlertsPage, AlertsModel>("/alerts", "/alerts/groups", (arguments, _) => Task.FromResult(AlertsView.Load(arguments, Current)));
        pages.MapPage<AlertPage, AlertModel>(
            "/alerts/{fingerprint}", "/alerts/{fingerprint}/details",
            (arguments, cancel) => AlertView.LoadAsync(arguments.Part("fingerprint"), Current, sources.Time.GetUtcNow(), cancel));

        // Clients read these lists since before there were pages.
        pages.MapJson<IReadOnlyList<AlertList>>("/alerts", (arguments, _) => Task.FromResult(List(arguments, sources.Pass)));
        pages.MapJson<IReadOnlyList<AlertList>>("/alerts/{fingerprint}", (arguments, _) => Task.FromResult(Times(arguments.Part("fingerprint"), sources.Pass)));
    }

    private static PageResult<IReadOnlyList<AlertList>> List(Arguments arguments, Pass pass)
    {
        var query = AlertQuery.Read(arguments, AlertQuery.Names([.. pass.AlertHistory, .. pass.HeldBackAlerts], pass.Settings.Alerting));
        return PageResult.Of("Alerts", AlertList.Of(query, pass.Alerts, pass.HeldBackAlerts, pass.AlertHistory));
    }

    private static PageResult<IReadOnlyList<AlertList>> Times(string fingerprint, Pass pass) =>
        AlertList.Of(fingerprint, pass.HeldBackAlerts, pass.AlertHistory) is { Count: > 0 } found
            ? PageResult.Of("Alert", found)
            : PageResult.Missing<IReadOnlyList<AlertList>>("No such alert", NoSuchAlert);
}
