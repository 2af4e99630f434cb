namespace EgressAlerts.Web;

/// <summary>One page of the rows of a table, so that no page of the service grows without end.</summary>
/// <param name="Page">Counts from 1.</param>
/// <param name="Total">The number of rows on all pages.</param>
public sealed record RowsPage<T>(IReadOnlyList<T> Rows, int Page, int Pages, int Total)
{
    /// <summary>The argument that chooses the page.</summary>
    public const string Argument = "page";

    public const int Size = 100;

    internal static RowsPage<T> Of(Arguments arguments, IReadOnlyList<T> all)
    {
        var pages = Math.Max(1, (all.Count + Size - 1) / Size);
        var page = Math.Min(arguments.Count(Argument, 1, int.MaxValue, 1), pages);
        return new([.. all.Skip((page - 1) * Size).Take(Size)], page, pages, all.Count);
    }

    /// <summary>The same page with rows of another form.</summary>
    public RowsPage<TTo> Select<TTo>(Func<T, TTo> convert) => new([.. Rows.Select(convert)], Page, Pages, Total);
}
