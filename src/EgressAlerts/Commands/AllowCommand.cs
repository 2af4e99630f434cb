using System.CommandLine;
using System.CommandLine.Parsing;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Decisions;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using EgressAlerts.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts;

/// <summary>The command <c>allow</c>: turns an alert into a policy that allows what it is about.</summary>
/// <remarks>It changes nothing but the file that it is told to write.</remarks>
internal static class AllowCommand
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan MaxUntil = TimeSpan.FromDays(3650);

    private static readonly Argument<string> Fingerprint = new("FINGERPRINT") { Description = "The alert, as its page and Alertmanager show it: 16 digits." };
    private static readonly Option<string> Reason = new("--reason") { Description = "Why this is wanted.", Required = true };
    private static readonly Option<string> Owner = new("--owner") { Description = "Who answers for it.", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Until = new("--until")
    {
        Description = "How long it holds: 30d, the last day such as 2026-12-31, or an instant such as 2026-12-31T18:00:00Z.",
        Required = true,
    };

    private static readonly Option<string?> File = new("--write") { Description = "The policy file to append to. Without it the entry is only printed." };
    private static readonly Option<Uri?> Url = new("--url")
    {
        Description = "The running service to ask for the alert, such as http://host:10098, in place of the database.",
        CustomParser = ReadUrl, // The library knows no URLs.
    };

    private static readonly Option<string?> HttpConfigFile = new("--http.config.file")
    {
        Description = "A file that says how to reach --url: tls_config, basic_auth and the other HTTP settings of Prometheus.",
    };

    private static readonly Option<bool> ByAddress = new("--by-address") { Description = "Allow the address where the name is only claimed." };

    /// <param name="wrongUsage">The exit code for options that say nothing.</param>
    public static Command Make(Option<string?> configFile, Option<string> storagePath, int wrongUsage)
    {
        var command = new Command("allow", "Print a policy that allows what an alert is about, or append it to a policy file.") { Fingerprint };
        foreach (var option in (Option[])[Reason, Owner, Until, File, ByAddress, configFile, storagePath, Url, HttpConfigFile]) command.Options.Add(option);
        command.SetAction(async (parsed, cancel) =>
        {
            var arguments = new AllowArguments(
                parsed.GetValue(Fingerprint)!, parsed.GetValue(Reason)!, parsed.GetValue(Owner)!, parsed.GetValue(Until)!, parsed.GetValue(File),
                parsed.GetValue(ByAddress), parsed.GetValue(configFile), parsed.GetValue(storagePath)!, parsed.GetValue(Url),
                parsed.GetValue(HttpConfigFile));
            if (Complaint(arguments, TimeProvider.System.GetUtcNow()) is { } complaint)
            {
                await Console.Error.WriteLineAsync(complaint);
                return wrongUsage;
            }

            return await RunAsync(arguments, TimeProvider.System, Console.Out, Console.Error, cancel) ? 0 : 1;
        });
        return command;
    }

    /// <summary>What is wrong with the arguments; null where nothing is.</summary>
    internal static string? Complaint(AllowArguments arguments, DateTimeOffset now)
    {
        if (!AlertLookup.IsFingerprint(arguments.Fingerprint)) return $"FINGERPRINT: '{arguments.Fingerprint}' is not 16 digits of 0-9 and a-f";
        foreach (var (name, text) in (ReadOnlySpan<(string, string)>)[("--reason", arguments.Reason), ("--owner", arguments.Owner)])
        {
            if (text.Length > 500 || text.Any(char.IsControl)) return $"{name}: it is longer than 500 characters, or holds control characters";
        }

        if (arguments.Reason.Trim().Length == 0) return "--reason: say why this is wanted";
        if (arguments.HttpConfigFile is not null)
        {
            if (arguments.Url is null) return "--http.config.file: it says how to reach --url: give that too";
            if (arguments.Url.UserInfo.Length > 0) return "--url: it holds a user name: write it as basic_auth into --http.config.file instead";
        }

        return EndOf(arguments.Until, now) is not { } until ? $"--until: '{arguments.Until}' is neither a duration such as 30d, a date nor an instant"
            : until <= now ? $"--until: {arguments.Until} is over"
            : until - now > MaxUntil ? "--until: it is more than ten years away"
            : null;
    }

    /// <returns>False where no entry could be made or written.</returns>
    internal static async Task<bool> RunAsync(AllowArguments arguments, TimeProvider time, TextWriter output, TextWriter errors, CancellationToken cancel)
    {
        try
        {
            var settings = ConfigLoader.Load(arguments.ConfigFile);
            using var client = Client(arguments.HttpConfigFile);
            var alert = arguments.Url is { } url
                ? await AlertLookup.AtServiceAsync(url, arguments.Fingerprint, client, cancel)
                : AlertLookup.InDatabase(arguments.StoragePath, arguments.Fingerprint);
            var facts = RemedyFacts.Of(alert, "");
            var decision = new AllowDecision(arguments.Reason, arguments.Owner, EndOf(arguments.Until, time.GetUtcNow()), arguments.ByAddress);
            if (await MakeAsync(settings, facts, decision, errors) is not { } entry) return false;
            await output.WriteAsync($"{entry}");
            return await TryWriteAsync(arguments, settings, facts, entry, time.GetUtcNow(), errors);
        }
        catch (Exception e) when (e is InvalidDataException or ConfigException)
        {
            await errors.WriteLineAsync(e.Message);
            return false;
        }
    }

    /// <exception cref="ConfigException">The file cannot be used. The message names each wrong key with its line.</exception>
    private static HttpClient Client(string? file) => file is null
        ? new()
        : HttpClients.Create(new OptionsBinder(file, needsSecretFiles: true).Read(new HttpSettings()), NullLogger.Instance);

    private static Uri? ReadUrl(ArgumentResult parsed)
    {
        if (Uri.TryCreate(parsed.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return url;
        parsed.AddError("--url: it is not an absolute http or https URL");
        return null;
    }

    /// <summary>The end of a time that is a duration, a date or an instant. A duration of days ends with a day. Null where it is none.</summary>
    private static DateTimeOffset? EndOf(string text, DateTimeOffset now)
    {
        if (DurationText.Parse(text) is not { } length) return UntilAttribute.Read(text);
        if (length > MaxUntil) return now + MaxUntil + Day;
        var end = now + length;
        return length >= Day ? new DateTimeOffset(end.UtcDateTime.Date + Day, TimeSpan.Zero) : end;
    }

    private static async Task<AllowEntry?> MakeAsync(Settings settings, RemedyFacts facts, AllowDecision decision, TextWriter errors)
    {
        using var store = Store.InMemory();
        await using var lookups = new Lookups(settings.Dns, store.Read(), new DnsMetrics(new MetricRegistry()), TimeProvider.System);
        var naming = new Namer(settings.Destinations, lookups, store.Read(), TimeProvider.System, NullLogger<Namer>.Instance);
        var entry = AllowEntry.Make(facts, naming.NetworkOf, decision, out var refusal);
        if (entry is null) await errors.WriteLineAsync(refusal);
        return entry;
    }

    private static async Task<bool> TryWriteAsync(
        AllowArguments arguments, Settings settings, RemedyFacts facts, AllowEntry entry, DateTimeOffset now, TextWriter errors)
    {
        var before = Before(settings, arguments.File, entry.Name);
        if (Forbids(before, facts, now) is { } forbids)
        {
            await errors.WriteLineAsync(
                $"policy {forbids.Name} comes before it and forbids this, so that the entry would never match: put it before that one under 'policies'");
            return arguments.File is null;
        }

        if (arguments.File is not { } file) return true;
        var isRenewed = AllowFile.Write(file, entry);
        await errors.WriteLineAsync($"{file}: {(isRenewed ? "renewed" : "written")}");
        if (!IsConfigured(settings, file))
            await errors.WriteLineAsync($"warning: {file} is not among the policy_files of the configuration, so that nobody reads it: add it there");
        return true;
    }

    /// <summary>The policies that come before an entry at the end of a file; all where the entry goes to no file.</summary>
    private static List<Policy> Before(Settings settings, string? file, string name)
    {
        var all = settings.Policies.Select(policy => policy.Completed(settings.Detection.Forbidden)).ToList();
        foreach (var path in settings.PolicyFiles.SelectMany(PolicyFile.Expand).Distinct())
        {
            var entries = PolicyFile.Read(path);
            if (entries.Any(policy => policy.Name == name)) return [.. all, .. entries.TakeWhile(policy => policy.Name != name)];
            all.AddRange(entries);
            if (file is not null && Path.GetFullPath(path) == Path.GetFullPath(file)) return all;
        }

        return all;
    }

    private static Policy? Forbids(IReadOnlyList<Policy> policies, RemedyFacts facts, DateTimeOffset now)
    {
        var protocol = Enum.GetValues<Protocol>().FirstOrDefault(protocol => protocol.LabelValue() == facts.Protocol);
        var to = new RawDestination(facts.Address, facts.Port, "", "", facts.ClaimedName);
        var found = new PolicyVerdicts(policies, now).FindPolicy(
            new Flow(facts.Source, to, facts.Route, protocol), new Destination(facts.Destination, facts.NameSource, facts.Confirmed, Region: facts.Region));
        return found is { Action: PolicyAction.Forbid } ? found : null;
    }

    private static bool IsConfigured(Settings settings, string file) =>
        settings.PolicyFiles.SelectMany(PolicyFile.Expand).Any(path => Path.GetFullPath(path) == Path.GetFullPath(file));
}

/// <summary>What the command <c>allow</c> is asked.</summary>
internal sealed record AllowArguments(
    string Fingerprint, string Reason, string Owner, string Until, string? File, bool ByAddress, string? ConfigFile, string StoragePath, Uri? Url,
    string? HttpConfigFile = null);
