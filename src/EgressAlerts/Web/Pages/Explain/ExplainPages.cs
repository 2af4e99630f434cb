using EgressAlerts.Explain;

namespace EgressAlerts.Web;

/// <summary>The page that says what becomes of some traffic, and why.</summary>
internal sealed class ExplainPages(PageSources sources)
{
    /// <summary>So many visitors at a time may wait for DNS. Others get what is known.</summary>
    private const int MaxWaiting = 4;

    private const string AnyHost = "www.example.com";

    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private int _waiting;

    public void Map(PageRoutes routes) => routes.MapPage<ExplainPage, ExplainModel>("/explain", ReadAsync);

    private async Task<PageResult<ExplainModel>> ReadAsync(Arguments arguments, CancellationToken cancel)
    {
        var asked = new ExplainArguments(
            arguments.Text("source"), arguments.Text("destination"), arguments.Text("address"), arguments.Text("port"),
            arguments.OneOf("as", ["", .. ExplainQuery.Kinds]), arguments.OneOf("route", ["", .. ExplainQuery.Routes]));
        var nothing = PageResult.Of("Explain", new ExplainModel(asked, null));
        if (arguments.Complaint is not null) return nothing;

        // The page of a workload leads here, and the visitor adds a destination. What is given already must be right.
        if (asked.Destination.Length == 0 && asked.Address.Length == 0)
        {
            return ExplainQuery.Parse(asked with { Destination = AnyHost }, out _) is { } wrong ? arguments.Refuse(wrong, nothing) : nothing;
        }

        if (ExplainQuery.Parse(asked, out var query) is { } complaint) return arguments.Refuse(complaint, nothing);
        return PageResult.Of("Explain", new ExplainModel(asked, await ExplainAsync(query!, cancel)));
    }

    private async Task<Explanation> ExplainAsync(ExplainQuery query, CancellationToken cancel)
    {
        var source = sources.GroupOf(query.Flow.Source);
        var learning = sources.Contacts.Learning(source with { Cluster = sources.ClustersOf(source.Namespace, source.Name).FirstOrDefault("") });
        try
        {
            var mayWait = Interlocked.Increment(ref _waiting) <= MaxWaiting;
            return await sources.Pass.ExplainAsync(query, learning, mayWait ? MaxWait : TimeSpan.Zero, sources.Time, cancel);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
