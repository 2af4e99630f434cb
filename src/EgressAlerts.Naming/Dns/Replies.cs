using DnsClient;
using DnsClient.Protocol;

namespace EgressAlerts.Naming.Dns;

/// <summary>Checks and reads the replies that the package has parsed. The package compares the id alone, so the rest is compared here.</summary>
internal static class Replies
{
    private const int MaxAliases = 8;
    private const int MaxRecords = 64;

    /// <summary>Why a reply does not belong to the question; null where it does.</summary>
    public static string? Unwanted(IDnsQueryResponse reply, DnsQuestion question)
    {
        // The package's HasQuery is the bit QR, which is set in replies.
        if (!reply.Header.HasQuery || reply.Header.OPCode != DnsOpCode.Query) return "not_a_reply";
        // A server that could not read the question answers FORMERR with the header alone.
        if (reply.Questions.Count == 0 && reply.Header.ResponseCode == DnsHeaderResponseCode.FormatError) return null;
        return reply.Questions is [var asked]
            && (asked.QuestionType, asked.QuestionClass) == (question.QuestionType, question.QuestionClass)
            && IsSame(asked.QueryName.Original, question.QueryName.Value)
            ? null
            : "other_question";
    }

    /// <summary>Reads a reply that belongs to the question.</summary>
    public static DnsReply Read(IDnsQueryResponse reply, DnsQuestion question)
    {
        var code = reply.Header.ResponseCode;
        if (code is not (DnsHeaderResponseCode.NoError or DnsHeaderResponseCode.NotExistentDomain)) return DnsReply.Failed(Word(code));

        var answers = reply.Answers.Where(record => record.RecordClass == QueryClass.IN).ToList();
        var (owner, least, hops) = (question.QueryName.Value, int.MaxValue, 0);
        while (answers.OfType<CNameRecord>().FirstOrDefault(record => IsSame(record.DomainName.Original, owner)) is { } next)
        {
            if (++hops > MaxAliases) return DnsReply.Failed("alias_loop");
            (owner, least) = (next.CanonicalName.Value, Math.Min(least, Ttl(next)));
        }

        // Records of other owners may have been added by anyone whose zone the chain touched.
        var type = (ResourceRecordType)question.QuestionType;
        var records = answers.Where(record => record.RecordType == type && IsSame(record.DomainName.Original, owner)).Take(MaxRecords).ToList();
        if (records.Count == 0) return DnsReply.Absent(TimeSpan.FromSeconds(Absence(reply))) with { Alias = hops > 0 ? Text(owner) : null };

        var names = records.OfType<PtrRecord>().Select(record => Text(record.PtrDomainName)).ToList();
        var services = records.OfType<SrvRecord>().Select(record => (Host: Text(record.Target), Port: (int)record.Port)).ToList();
        return new(
            DnsOutcome.Answer,
            [.. names.Where(HostName.IsOne).Distinct()],
            [.. records.OfType<AddressRecord>().Select(record => record.Address)],
            TimeSpan.FromSeconds(records.Aggregate(least, (time, record) => Math.Min(time, Ttl(record)))),
            "")
        {
            Refused = names.Count(name => !HostName.IsOne(name)) + services.Count(service => !HostName.IsOne(service.Host)),
            Services = [.. services.Where(service => HostName.IsOne(service.Host))],
        };
    }

    /// <summary>How many seconds the zone grants an absence: the least of the SOA's TTL and its minimum (RFC 2308, section 5); 0 without a SOA.</summary>
    private static int Absence(IDnsQueryResponse reply)
    {
        var soa = reply.Authorities.OfType<SoaRecord>().FirstOrDefault(record => record.RecordClass == QueryClass.IN);
        return soa is null ? 0 : (int)Math.Min(Ttl(soa), soa.Minimum);
    }

    /// <summary>A TTL with its top bit set means 0 (RFC 2181, section 8).</summary>
    private static int Ttl(DnsResourceRecord record) => Math.Max(0, record.InitialTimeToLive);

    private static bool IsSame(string one, string other) => one.AsSpan().TrimEnd('.').Equals(other.AsSpan().TrimEnd('.'), StringComparison.OrdinalIgnoreCase);

    /// <summary>The name in lower case without its last dot; unusual bytes stay escaped, so that such a name is no host name.</summary>
    private static string Text(string name) => name.TrimEnd('.').ToLowerInvariant();

    private static string Word(DnsHeaderResponseCode code) => code switch
    {
        DnsHeaderResponseCode.FormatError => "formerr",
        DnsHeaderResponseCode.ServerFailure => "servfail",
        DnsHeaderResponseCode.Refused => "refused",
        _ => "rcode",
    };
}
