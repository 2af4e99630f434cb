using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Web;

/// <summary>The arguments of one request, read strictly. What is wrong with them is in <see cref="Complaint"/> once all known ones have been read.</summary>
/// <remarks>An argument that is empty counts as left out, because a form sends its empty fields too.</remarks>
public sealed class Arguments(HttpRequest request)
{
    /// <summary>No name of the mesh is longer. Longer text is a mistake or an attack.</summary>
    private const int MaxLength = 2_000;

    private readonly SortedSet<string> _known = new(StringComparer.Ordinal);
    private string? _complaint;

    /// <summary>What is wrong, as a sentence that says what to do; null where all is good.</summary>
    public string? Complaint => _complaint ?? Unknown();

    /// <summary>The arguments that are given, in the order of the address.</summary>
    public IEnumerable<KeyValuePair<string, string>> Given =>
        from argument in request.Query where argument.Value.ToString().Length > 0 select KeyValuePair.Create(argument.Key, argument.Value.ToString());

    /// <summary>A part of the path, such as NAME in <c>/alerts/NAME</c>.</summary>
    /// <remarks>The server leaves encoded slashes as they are, so they are decoded here.</remarks>
    public string Part(string name) =>
        (request.RouteValues[name]?.ToString() ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    public string Text(string name, string initial = "")
    {
        _known.Add(name);
        if (!request.Query.TryGetValue(name, out var values)) return initial;
        if (values.Count > 1) return Refuse($"{name} is given {values.Count} times: give it once.", initial);
        var text = values.ToString();
        if (text.Length > MaxLength) return Refuse($"{name} is longer than {MaxLength} characters.", initial);
        return text.Length > 0 ? text : initial;
    }

    /// <param name="values">The values that are understood. The first one is used where the argument is left out.</param>
    public string OneOf(string name, params IReadOnlyList<string> values)
    {
        var text = Text(name, values[0]);
        return values.Contains(text) ? text : Refuse($"{name} is none of {string.Join(", ", values.Where(value => value.Length > 0))}.", values[0]);
    }

    public int Count(string name, int least, int most, int initial)
    {
        var text = Text(name);
        if (text.Length == 0) return initial;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= least && count <= most
            ? count
            : Refuse(string.Create(CultureInfo.InvariantCulture, $"{name} is not a whole number from {least} to {most}."), initial);
    }

    /// <summary>Notes that something is wrong, and goes on.</summary>
    public T Refuse<T>(string complaint, T initial)
    {
        _complaint ??= complaint;
        return initial;
    }

    private string? Unknown() => request.Query.Keys.FirstOrDefault(name => !_known.Contains(name)) is not { } unknown
        ? null
        : $"There is no argument '{Common.QuotedText.Of(unknown, 60)}' here. "
            + (_known.Count > 0 ? $"Known arguments: {string.Join(", ", _known)}." : "This page takes no arguments.");
}
