using System.Net;
using EgressAlerts.Storage;

namespace EgressAlerts.Past;

/// <summary>The addresses that workloads dialled, by the names that reverse DNS gave them.</summary>
internal sealed class AddressBook
{
    private const int MaxRows = 1_000_000;

    private readonly ILookup<string, IPAddress> _byName;

    /// <param name="folder">The folder of a database. There may be none.</param>
    public AddressBook(string folder) => _byName = File.Exists(Path.Combine(folder, Store.FileName))
        ? new CommittedRows(folder).Read(
            $"SELECT state ->> '$.answer.name', address FROM name_of_address WHERE state ->> '$.answer.name' <> '' LIMIT {MaxRows}",
            row => (Name: row.GetString(0), Address: IPAddress.TryParse(row.GetString(1), out var address) ? address : null))
            .Where(row => row.Address is not null).ToLookup(row => row.Name, row => row.Address!)
        : Array.Empty<(string Name, IPAddress Address)>().ToLookup(row => row.Name, row => row.Address);

    /// <summary>The addresses of a name. One that stands for the machines of a provider, such as <c>*.compute-1.amazonaws.com</c>, has those of all names below
    /// it.</summary>
    public IReadOnlyList<IPAddress> Of(string name) =>
        IPAddress.TryParse(name, out var address) ? [address]
        : !name.StartsWith("*.", StringComparison.Ordinal) ? [.. _byName[name]]
        : [.. _byName.Where(one => one.Key.EndsWith(name[1..], StringComparison.Ordinal)).SelectMany(one => one)];
}
