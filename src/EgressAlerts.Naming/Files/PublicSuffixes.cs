using System.Collections.Frozen;
using System.Globalization;

namespace EgressAlerts.Naming;

/// <summary>Finds the part of a host name that somebody registered, by the Public Suffix List (publicsuffix.org). Of <c>www.example.co.uk</c> that is
/// <c>example.co.uk</c>.</summary>
internal sealed class PublicSuffixes
{
    /// <summary>Second levels under which countries without a list let people register.</summary>
    private static readonly FrozenSet<string> UsualSecondLevels =
        FrozenSet.Create("ac", "co", "com", "edu", "go", "gob", "gov", "mil", "ne", "net", "or", "org");

    private readonly Rules _icann;
    private readonly Rules _all;

    private PublicSuffixes(IReadOnlyList<string> icann, IReadOnlyList<string> providers) =>
        (_icann, _all, IsList) = (new(icann), new([.. icann, .. providers]), icann.Count > 0);

    /// <summary>False where there is no list. Then a domain is the last two labels, or three below a country's usual second level (<c>co.uk</c>).</summary>
    public bool IsList { get; }

    /// <summary>No list: only the fallback.</summary>
    public static PublicSuffixes None { get; } = new([], []);

    /// <summary>The list in a file, or the fallback where there is no such file.</summary>
    /// <exception cref="InvalidDataException">The file is no such list.</exception>
    public static PublicSuffixes Read(string path)
    {
        if (!File.Exists(path)) return None;
        var lines = File.ReadAllLines(path);
        var icann = Section(lines, "ICANN");
        return icann.Count > 0
            ? new(icann, Section(lines, "PRIVATE"))
            : throw new InvalidDataException($"{path} is no Public Suffix List: nothing follows a line '{Begin("ICANN")}'");
    }

    /// <summary>The registrable domain of a host name in lower case. A suffix and a single label have none; then it is empty.
    /// Only the ICANN part of the list counts. With the other part <c>*.compute-1.amazonaws.com</c> would have no domain.</summary>
    public string DomainOf(string host) => Above(host, _icann.SuffixOf(host) ?? Guess(host));

    /// <summary>The part of the name that has one owner. The private part of the list tells the customers of a provider apart. Empty without a list.</summary>
    public string OwnerOf(string host) => IsList ? Above(host, _all.SuffixOf(host) ?? host.LastIndexOf('.') + 1) : "";

    /// <summary>Whether the name ends in a suffix under which names are registered. Without a list that is never sure, so it is false.</summary>
    public bool IsPublic(string host) => _icann.SuffixOf(host) is not null;

    /// <summary>Where the suffix begins by the list's rule for names it does not know (the last label), or, without a list, as is usual.</summary>
    private int Guess(string host)
    {
        var last = host.LastIndexOf('.') + 1;
        if (IsList || host.Length - last != 2 || last == 0) return last;
        var second = last < 2 ? 0 : host.LastIndexOf('.', last - 2) + 1;
        return UsualSecondLevels.Contains(host[second..(last - 1)]) ? second : last;
    }

    /// <summary>The rules between the lines that begin and end a part of the list.</summary>
    private static List<string> Section(string[] lines, string name) =>
    [
        .. lines.SkipWhile(line => line != Begin(name)).Skip(1).TakeWhile(line => !line.StartsWith("// ===", StringComparison.Ordinal))
            .Select(line => line.Split([' ', '\t'], 2)[0])
            .Where(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal))
            .Select(Ascii),
    ];

    private static string Begin(string part) => $"// ===BEGIN {part} DOMAINS===";

    /// <summary>Where the next label begins; -1 after the last.</summary>
    private static int Next(string host, int at) => host.IndexOf('.', at) is >= 0 and var dot ? dot + 1 : -1;

    /// <summary>The suffix and the label before it.</summary>
    private static string Above(string host, int suffix)
    {
        if (suffix < 2) return "";
        var label = host.LastIndexOf('.', suffix - 2) + 1;
        return host[label] == '*' ? "" : host[label..];
    }

    /// <summary>The list has international names as people read them; the wire has them in ASCII.</summary>
    private static string Ascii(string rule)
    {
        if (System.Text.Ascii.IsValid(rule)) return rule;
        var mark = rule.StartsWith("*.", StringComparison.Ordinal) ? 2 : rule[0] == '!' ? 1 : 0;
        return rule[..mark] + new IdnMapping().GetAscii(rule[mark..]);
    }

    /// <summary>Rules such as <c>co.uk</c>, <c>*.ck</c> and <c>!www.ck</c>.</summary>
    private sealed class Rules
    {
        private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _plain;
        private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _wildcards;
        private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _exceptions;

        public Rules(IReadOnlyList<string> rules)
        {
            _plain = Set(rules.Where(rule => rule[0] is not ('*' or '!')));
            _wildcards = Set(rules.Where(rule => rule.StartsWith("*.", StringComparison.Ordinal)).Select(rule => rule[2..]));
            _exceptions = Set(rules.Where(rule => rule[0] == '!').Select(rule => rule[1..]));
        }

        /// <summary>Where the longest suffix begins that a rule names; null where none does.</summary>
        public int? SuffixOf(string host)
        {
            for (var at = 0; at >= 0; at = Next(host, at))
            {
                var suffix = host.AsSpan(at);
                var parent = Next(host, at);
                if (_exceptions.Contains(suffix)) return parent;
                if (_plain.Contains(suffix) || (parent > 0 && _wildcards.Contains(host.AsSpan(parent)))) return at;
            }

            return null;
        }

        private static HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(IEnumerable<string> rules) =>
            rules.ToHashSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
    }
}
