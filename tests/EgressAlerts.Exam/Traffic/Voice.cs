using EgressAlerts.Model;

namespace EgressAlerts.Exam.Traffic;

/// <summary>Speaks for workloads, in requests and connections. Each attack has a voice of its own, which remembers who spoke to what.</summary>
/// <param name="number">0 for ordinary traffic, 1 for attacks: their sums are kept apart.</param>
internal sealed class Voice(Tally tally, int number, Action<Workload, Target>? noted = null)
{
    /// <summary>Requests, or connections that open and close at once.</summary>
    public void Exchange(Service service, Target target, long at, double count, double upload, double download) =>
        Exchange(Contact(service, target), at, count, upload, download, 0);

    /// <summary>One connection, or request, whose bytes go at once and that ends some seconds later.</summary>
    public void Hold(Service service, Target target, long at, double upload, double download, long seconds) =>
        Exchange(Contact(service, target), at, 1, upload, download, seconds);

    /// <summary>One connection that moves bytes evenly all the time until it closes.</summary>
    public void Transfer(Service service, Target target, long at, double upload, double download, long seconds)
    {
        var contact = Contact(service, target);
        var parts = Math.Max(1, seconds / Time.Step);
        if (!target.IsHttp) tally.Add(contact, Metric.ConnectionsOpened, 1, at);
        for (var part = 0; part < parts; part++)
        {
            var when = at + (part * Time.Step);
            tally.Add(contact, Metric.UploadBytes, upload / parts, when);
            tally.Add(contact, Metric.DownloadBytes, download / parts, when);
        }

        // Istio counts the bytes of a request when it ends, but those of a connection as they go.
        tally.Add(contact, target.IsHttp ? Metric.Requests : Metric.ConnectionsClosed, 1, at + seconds);
    }

    /// <summary>Attempts that nobody answers or that the mesh refuses.</summary>
    public void Fail(Service service, Target target, long at, double count)
    {
        var contact = Contact(service, target);
        if (!target.IsHttp) tally.Add(contact, Metric.ConnectionsOpened, count, at);
        tally.Add(contact, target.IsHttp ? Metric.Requests : Metric.ConnectionsClosed, count, at);
    }

    private void Exchange(Contact contact, long at, double count, double upload, double download, long seconds)
    {
        var isHttp = contact.Target.IsHttp;
        if (!isHttp) tally.Add(contact, Metric.ConnectionsOpened, count, at);
        tally.Add(contact, isHttp ? Metric.Requests : Metric.ConnectionsClosed, count, at + seconds);
        // A request's bytes are counted when it ends.
        tally.Add(contact, Metric.UploadBytes, upload, isHttp ? at + seconds : at);
        tally.Add(contact, Metric.DownloadBytes, download, isHttp ? at + seconds : at);
    }

    private Contact Contact(Service service, Target target)
    {
        var contact = service.Contact(target, number);
        noted?.Invoke(contact.Source, target);
        return contact;
    }
}
