using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Tests.Storage;
using EgressAlerts.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Web;

/// <summary>Reads what the detectors of a real pass have committed.</summary>
public sealed class ContactBookTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Contacts_are_those_of_the_last_commit()
    {
        Watch(1, 3, "52.0.0.1");
        Watch(4, 6, "52.0.0.1", "52.0.0.2");
        var book = new ContactBook(new CommittedRows(_folder.Path));
        var contacts = book.Of(Samples.Cart);
        Assert.Equal(["52.0.0.1", "52.0.0.2"], contacts.Keys.Order());
        Assert.Equal(Samples.Window(1).End, contacts["52.0.0.1"].First);
        Assert.Equal(contacts["52.0.0.2"], book.Of("52.0.0.2")[Samples.Cart]);
        Assert.Equal(contacts["52.0.0.2"].First, book.OfAll(["52.0.0.2", "nobody"])["52.0.0.2"].First);

        // Learning takes a minute here, and the workload had been watched for one when the third window came. So only the second destination was new.
        Assert.Equal(Samples.Window(3).End, book.Learned()[Samples.Cart]);
        Assert.Equal(new NewContact("", "shop", "cart", "52.0.0.2", Samples.Window(4).End), Assert.Single(book.Since(Samples.Start, 10)));
        Assert.Empty(book.Since(Samples.Window(5).End, 10));
    }

    [Fact]
    public void What_is_usual_comes_from_the_database()
    {
        Watch(1, 300, "52.0.0.1");
        var state = new ContactBook(new CommittedRows(_folder.Path)).UsualUpload(Samples.Cart);
        Assert.NotNull(state);
        var usual = UsualUpload.Read(state, new UploadSpikeOptions { Floor = 1 << 20 }, Samples.Window(301).End);
        Assert.Equal(1 << 20, usual?.Limit);
        Assert.Null(UsualUpload.Read("{\"hourly\":3}", new UploadSpikeOptions(), Samples.Start));
    }

    [Fact]
    public void Without_a_database_nothing_is_known()
    {
        using var folder = new EgressAlerts.Testing.TemporaryFolder();
        var book = new ContactBook(new CommittedRows(folder.Path));
        Assert.Empty(book.Of(Samples.Cart));
        Assert.Empty(book.Learned());
        Assert.Empty(book.Addresses("api.example.com"));
    }

    private void Watch(int first, int last, params string[] addresses)
    {
        var state = _folder.Store.Read();
        var detectors = new Detectors(
            new DetectionOptions { Learning = TimeSpan.FromMinutes(1) },
            new DetectionMetrics(new(), TimeProvider.System),
            state,
            NullLogger<Detectors>.Instance);
        for (var window = first; window <= last; window++)
        {
            detectors.Observe(Samples.Named(window, [
                .. addresses.Select(address => Samples.Increment(Samples.Flow(address), 5_000, Metric.UploadBytes)),
                .. addresses.Select(address => Samples.Increment(Samples.Flow(address))),
            ]));
        }

        state.Commit();
    }
}
