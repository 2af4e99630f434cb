using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Naming;

namespace EgressAlerts.Doctor;

/// <summary>The section <c>files</c>: the files that the configuration names, and how old they are. A file that cannot be read is an error of the
/// configuration, so the doctor does not begin with it.</summary>
internal sealed class FileChecks(Settings settings, string? configFile, TimeProvider time)
{
    private const string Section = "files";
    private static readonly TimeSpan Month = TimeSpan.FromDays(31);

    private static readonly CheckKind Secrets = new(Section, "secret_files", "files with passwords, credentials and keys are there");
    private static readonly CheckKind Policies = new(Section, "policies", "each policy can match, and none has ended; patterns of `policy_files` match files");
    private static readonly CheckKind Threats = new(Section, "threat_lists", "threat lists are not expired, and not older than a month");
    private static readonly CheckKind Geo = new(Section, "mmdb_files", "MaxMind databases are not older than a month");
    private static readonly CheckKind Networks = new(Section, "network_files", "files of providers' networks are not older than a month");
    private static readonly CheckKind Entries = new(Section, "service_entry_files", "Istio's resources are not older than a month");
    private static readonly CheckKind Suffixes = new(Section, "public_suffix_list", "the Public Suffix List is there");

    private readonly DateTimeOffset _now = time.GetUtcNow();

    public static IReadOnlyList<CheckKind> Kinds { get; } = [Secrets, Policies, Threats, Geo, Networks, Entries, Suffixes];

    public void Run(CheckBook book)
    {
        book.Add([.. SecretFiles(), .. PolicyWarnings()]);
        var (names, lists) = (settings.Destinations, settings.Detection.ThreatListed.Lists);
        book.Add([.. Each(lists, ThreatList, Threats)]);
        book.Add([.. Each(names.GeoFiles, GeoDatabase, Geo)]);
        book.Add([.. Each(names.NetworkFiles, Network, Networks)]);
        book.Add([.. Each(settings.Registry.Files(), ServiceEntry, Entries)]);
        book.Add(FileStamp.Of(names.PublicSuffixList) is { } list
            ? Suffixes.Ok($"{names.PublicSuffixList} was written {Age(list.Written)} ago")
            : Suffixes.Warn(
                $"there is no {names.PublicSuffixList}, so the domain of a name is a guess",
                "apt-get install publicsuffix, or destinations: {public_suffix_list: FILE}"));
    }

    /// <summary>A check for each file, or one where there is no file.</summary>
    private static IEnumerable<Check> Each<T>(IReadOnlyList<T> files, Func<T, Check> check, CheckKind kind) =>
        files.Count > 0 ? files.Select(check) : [kind.Ok("the configuration names none")];

    private IEnumerable<Check> SecretFiles()
    {
        try
        {
            if (configFile is not null) ConfigLoader.Check(configFile);
            return [Secrets.Ok("all that the configuration names are there")];
        }
        catch (ConfigException e)
        {
            return e.Errors.Select(error => Secrets.Fail(error.ToString(), "ls -l FILE; kubectl get secret shows whether it is there to be mounted"));
        }
    }

    private IEnumerable<Check> PolicyWarnings()
    {
        var empty = settings.PolicyFiles.Where(path => PolicyFile.Expand(path).Count == 0)
            .Select(path => Policies.Warn($"no file matches {path}", "policy_files: ['/etc/egress-alerts/policies/*.yml']")).ToList();
        var found = configFile is null ? [] : ConfigLoader.Warnings(configFile, _now);
        var warnings = found
            .Select(warning => Policies.Warn(warning, "correct the policy, or remove it; egress-alerts check-config FILE shows the same")).ToList();
        return empty.Count + warnings.Count == 0 ? [Policies.Ok("each policy can match")] : [.. empty, .. warnings];
    }

    private Check ThreatList(ThreatListOptions list)
    {
        var written = FileStamp.Of(list.File)?.Written;
        const string Remedy = "download the list anew from a CronJob or a systemd timer, or detection: {threat_listed: {lists: [{max_age: 30d}]}}";
        if (written is not { } at) return Threats.Fail($"{list.File} is gone, so the list {list.Name} will expire", Remedy);
        if (list.IsExpired(at, _now))
        {
            return Threats.Fail(
                $"the list {list.Name} was written {Age(at)} ago, more than max_age ({DurationText.Exact(list.MaxAge)}): it matches nothing", Remedy);
        }

        return Old(Threats, list.File, at, Remedy);
    }

    private Check GeoDatabase(string file)
    {
        const string Remedy = "geoipupdate -d FOLDER, once a week";
        try
        {
            return Old(Geo, file, GeoFile.Built(file), Remedy);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return Geo.Fail(e.Message, Remedy);
        }
    }

    /// <summary>What people wrote themselves does not grow old; the list of a provider does.</summary>
    private Check Network(string file) => FileStamp.Of(file)?.Written is not { } at ? Networks.Fail($"{file} is gone", $"ls -l {file}")
        : Path.GetExtension(file) == ".json" ? Old(Networks, file, at, $"curl -sfo {file} https://ip-ranges.amazonaws.com/ip-ranges.json, once a week")
        : Networks.Ok($"{file} was written {Age(at)} ago");

    private Check ServiceEntry(string file)
    {
        var remedy = $"kubectl get serviceentry,sidecar,authorizationpolicy -A -o yaml > {file}, from a CronJob";
        return FileStamp.Of(file)?.Written is { } at ? Old(Entries, file, at, remedy) : Entries.Fail($"{file} is gone", remedy);
    }

    private Check Old(CheckKind kind, string file, DateTimeOffset written, string remedy) =>
        _now - written > Month ? kind.Warn($"{file} is {Age(written)} old", remedy) : kind.Ok($"{file} is {Age(written)} old");

    private string Age(DateTimeOffset written) => DurationText.Rounded(_now > written ? _now - written : TimeSpan.Zero);
}
