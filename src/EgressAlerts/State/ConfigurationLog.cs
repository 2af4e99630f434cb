using System.Text.Json.Serialization;
using EgressAlerts.Storage;

namespace EgressAlerts;

/// <summary>Remembers when the configuration was loaded, by this process and those before it. Called by the worker alone, except for
/// <see cref="Loads"/>.</summary>
internal sealed class ConfigurationLog
{
    internal const int MaxLoads = 1_000;
    internal const int MaxError = 4_000;

    private readonly StoredState _state;
    private readonly Table<DateTimeOffset, ConfigurationLoad> _table;
    private IReadOnlyList<ConfigurationLoad> _loads;

    /// <param name="state">It must belong to nothing else. Each load is committed at once: a refused one must not be lost with the window that follows.</param>
    public ConfigurationLog(StoredState state)
    {
        (_state, _table) = (state, state.Table(ConfigurationLoad.Shape));
        _loads = Sorted();
    }

    /// <summary>The latest first. Any thread.</summary>
    public IReadOnlyList<ConfigurationLoad> Loads => Volatile.Read(ref _loads);

    /// <param name="error">Why the configuration was refused; null where it is in use. What is longer than 4,000 characters is cut.</param>
    public void Note(DateTimeOffset at, string? error)
    {
        while (_table.Has(at)) at = at.AddTicks(1);
        _table.Put(at, new(at, ServiceVersion.Long, error is { Length: > MaxError } ? error[..MaxError] + "..." : error ?? ""));
        while (_table.Count > MaxLoads) _table.Remove(_table.Keys.Min());
        Volatile.Write(ref _loads, Sorted());
        _state.Commit();
    }

    private IReadOnlyList<ConfigurationLoad> Sorted() => [.. _table.Values.OrderByDescending(load => load.At)];
}

/// <summary>One time that the configuration was loaded.</summary>
/// <param name="Version">Of the program.</param>
/// <param name="Error">Why it was refused; empty where it was not.</param>
public sealed record ConfigurationLoad(DateTimeOffset At, string Version, string Error)
{
    public static Shape<DateTimeOffset, ConfigurationLoad> Shape { get; } = Storage.Shape.Json(
        "configuration_load", ["at"], at => [Instant.Text(at)], values => Instant.Parse((string)values[0]), ConfigurationJson.Default.ConfigurationLoad);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ConfigurationLoad))]
internal sealed partial class ConfigurationJson : JsonSerializerContext;
