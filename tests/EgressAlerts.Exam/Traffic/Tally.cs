using EgressAlerts.Model;

namespace EgressAlerts.Exam.Traffic;

/// <summary>Sums what happens into windows. The ordinary traffic has one, the attacks have another.</summary>
internal sealed class Tally
{
    private readonly List<Contact> _touched = [];
    private readonly PriorityQueue<(Contact Contact, Metric Metric, double Amount), long> _later = new();
    private long _end;

    /// <summary>Opens the step that ends at an instant, with all that was announced for it.</summary>
    public void Begin(long end)
    {
        _end = end;
        while (_later.TryPeek(out var due, out var at) && at < end)
        {
            _later.Dequeue();
            Add(due.Contact, due.Metric, due.Amount);
        }
    }

    /// <summary>Counts whole bytes, requests or connections at an instant, which may be a later one.</summary>
    public void Add(Contact contact, Metric metric, double amount, long at)
    {
        amount = Math.Round(amount);
        if (amount <= 0) return;
        if (at < _end) Add(contact, metric, amount);
        else _later.Enqueue((contact, metric, amount), at);
    }

    /// <summary>What has come together since it was last asked.</summary>
    public List<NamedIncrement> Take()
    {
        var seen = new List<NamedIncrement>(_touched.Count * 4);
        foreach (var contact in _touched) contact.MoveTo(seen);
        _touched.Clear();
        return seen;
    }

    private void Add(Contact contact, Metric metric, double amount)
    {
        if (!contact.IsTouched) _touched.Add(contact);
        contact.Add(metric, amount);
    }
}
