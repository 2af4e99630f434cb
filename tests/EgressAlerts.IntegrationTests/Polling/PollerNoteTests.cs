using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>Notes beside an answer: some tell of missing data, some do not matter, and some are unknown.</summary>
public sealed class PollerNoteTests : PollerOverHttp
{
    public static IEnumerable<object[]> MissingNotes() => Lines("notes.txt").Where(part => part[0] == "missing").Select(part => part[1..]);

    public static IEnumerable<object[]> HarmlessNotes() => Lines("notes.txt").Where(part => part[0] == "harmless").Select(part => part[1..]);

    [Theory]
    [MemberData(nameof(MissingNotes))]
    public async Task A_note_that_tells_of_missing_data_makes_the_window_wait_however_long(string note)
    {
        Server.Answer = Noted(8, "PromQL info: first", note);
        Assert.Null(await ReadAsync(1));
        Assert.Contains("a part of the data is missing", Poller.Queries[^1].Failure, StringComparison.Ordinal);
        Time.Advance(TimeSpan.FromMinutes(50));
        await FailsAsync("partial", note[..Math.Min(note.Length, 100)], failedBefore: 1);
    }

    [Theory]
    [MemberData(nameof(HarmlessNotes))]
    public async Task A_note_that_says_nothing_about_missing_data_is_shown_and_the_answer_counts(string note)
    {
        Server.Answer = Noted(9, note);
        Assert.Equal(4, Assert.Single((await ReadAsync(1))!.Increments).Amount);
        Assert.Equal([note], Poller.Notes);
        Assert.Contains(Poller.Queries, query => query.Query.StartsWith("istio_tcp_connections_opened_total{", StringComparison.Ordinal));
        Assert.All(Poller.Queries, query => Assert.Equal("", query.Failure));
        Assert.Empty(Poller.Telemetry.Warnings);
        Assert.NotNull(await ReadAsync(2));
        Assert.Single(Log.Entries, $"Information: Prometheus' answers come with notes; they are counted all the same: {note}");

        Server.Answer = Good(9);
        Assert.NotNull(await ReadAsync(3));
        Assert.Empty(Poller.Notes);
        Assert.Single(Log.Entries, "Information: Prometheus' answers come without notes again");
    }

    [Fact]
    public async Task A_note_nobody_knows_makes_the_window_wait_ten_minutes_and_then_counts_and_is_reported()
    {
        Server.Answer = Noted(9, "the moon is in quarter 3 of \"aries\"");
        Assert.Null(await ReadAsync(1));
        Assert.StartsWith("partial: the answer has a note whose meaning is not known: the moon is in quarter 3", Poller.Failure, StringComparison.Ordinal);
        Time.Advance(TimeSpan.FromMinutes(9.9));
        Assert.Null(await ReadAsync(1));
        Time.Advance(TimeSpan.FromMinutes(0.2));
        Assert.Equal(4, Assert.Single((await ReadAsync(1))!.Increments).Amount);
        var warning = Assert.Single(Poller.Telemetry.Warnings);
        Assert.Equal("unknown_notes", warning.Kind);
        Assert.Contains("the moon is in quarter 3", warning.Message, StringComparison.Ordinal);

        // The same wording counts at once for as long as it keeps coming; another one waits half as long.
        Server.Answer = Noted(9, "the moon is in quarter 4 of \"taurus\"");
        Assert.NotNull(await ReadAsync(2));
        Server.Answer = Noted(9, "a store is asleep");
        Assert.Null(await ReadAsync(3));
        Time.Advance(TimeSpan.FromMinutes(5.1));
        Assert.NotNull(await ReadAsync(3));

        // A wording that stopped coming may mean something else when it is back.
        Server.Answer = Good(9);
        Assert.NotNull(await ReadAsync(4));
        Assert.Empty(Poller.Telemetry.Warnings);
        Server.Answer = Noted(9, "a store is asleep");
        Assert.Null(await ReadAsync(5));
        Server.Answer = Noted(9, "a store is asleep", "receive series from Addr: 10.0.4.17:10901: EOF");
        Time.Advance(TimeSpan.FromMinutes(50));
        Assert.Null(await ReadAsync(5));
    }

    [Fact]
    public async Task A_server_whose_notes_never_repeat_holds_counting_up_for_twenty_minutes_in_all()
    {
        var words = 0;
        Server.Answer = async context => await Noted(9, "word " + new string('a', Interlocked.Increment(ref words)))(context);
        var (window, waits) = (1, 0);
        for (; window <= 20 && waits < 200; Time.Advance(TimeSpan.FromSeconds(10)))
        {
            if (await ReadAsync(window) is not null) window++;
            else waits++;
        }

        Assert.Equal(21, window);
        Assert.InRange(TimeSpan.FromSeconds(10) * waits, TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(25));
    }

    [Fact]
    public async Task Of_many_long_notes_ten_are_shown_on_one_line_each_and_the_one_that_matters_is_seen()
    {
        Server.Answer = Noted(9, [.. Enumerable.Range(0, 1000).Select(i => $"PromQL info: {new string((char)('a' + (i % 26)), 400 + (i / 26))}\n\u202e")]);
        Assert.NotNull(await ReadAsync(1));
        Assert.Equal(10, Poller.Notes.Count);
        Assert.All(Poller.Notes, note => Assert.True(note.Length <= 300 && !note.Any(char.IsControl)));
        Server.Answer = Noted(9, [.. Enumerable.Range(0, 5000).Select(i => $"PromQL info: {i}").Append("receive series from Addr: 1.2.3.4:10901: EOF")]);
        Assert.Null(await ReadAsync(2));
    }
}
