using EgressAlerts.Exam.Attacks;
using EgressAlerts.Exam.Traffic;
using EgressAlerts.Model;

namespace EgressAlerts.Tests.Exam;

/// <summary>The traffic that detectors are examined with. Two days of it show what holds for all.</summary>
public sealed class MeshTests
{
    private const int Days = 2;

    private static readonly MeshOptions Options = new(Seed: 3, Learn: 1);

    [Fact]
    public void The_same_seed_gives_the_same_traffic_in_windows_of_30_and_60_seconds()
    {
        var (halves, wholes) = (new Mesh(Options with { Window = 30 }), new Mesh(Options));
        while (wholes.At < Options.Start + (Days * Time.Day))
        {
            var (first, second, whole) = (halves.Next(), halves.Next(), wholes.Next());
            Assert.Equal((first.Window.Start, second.Window.End), (whole.Window.Start, whole.Window.End));
            Assert.True(AreSame(Sums(whole.Ordinary), Sums([.. first.Ordinary, .. second.Ordinary])), $"{whole.Window}");
            Assert.True(AreSame(Sums(whole.Attacks), Sums([.. first.Attacks, .. second.Attacks])), $"{whole.Window}");
        }
    }

    [Fact]
    public void Attacks_change_nothing_of_the_ordinary_traffic()
    {
        var (attacked, calm) = (new Mesh(Options), new Mesh(Options with { HasAttacks = false }));
        var attacks = 0;
        while (attacked.At < Options.Start + (Days * Time.Day))
        {
            var (with, without) = (attacked.Next(), calm.Next());
            Assert.True(without.Ordinary.Select(Values).SequenceEqual(with.Ordinary.Select(Values)), $"{with.Window}");
            Assert.Empty(without.Attacks);
            attacks += with.Attacks.Count;
        }

        Assert.True(attacks > 100, "there are attacks at all");
    }

    [Fact]
    public void Another_seed_gives_other_traffic()
    {
        var (one, other) = (new Mesh(Options), new Mesh(Options with { Seed = 4 }));
        Assert.NotEqual(one.Next().Ordinary.Select(Values), other.Next().Ordinary.Select(Values));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Every_kind_of_attack_has_a_place_and_none_comes_within_two_days_of_another_on_its_workload(int seed)
    {
        var attacks = new Mesh(new(seed)).Attacks;
        Assert.Equal([], Plan.Kinds.Where(kind => attacks.Count(attack => attack.Kind == kind) != kind.Copies).Select(kind => kind.Name));
        foreach (var service in attacks.SelectMany(attack => attack.Services).Distinct())
        {
            var times = attacks.Where(attack => attack.Services.Contains(service)).OrderBy(attack => attack.Start).ToList();
            Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second.Start - pair.First.End >= 2 * Time.Day,
                $"{pair.First.Kind.Name}, {pair.Second.Kind.Name}"));
            Assert.All(times, attack => Assert.InRange(attack.Start, Time.JudgedFrom, Time.End - 1));
        }
    }

    [Fact]
    public void Ordinary_traffic_has_what_the_naming_stage_gives()
    {
        var mesh = new Mesh(Options);
        var names = new HashSet<(NameSource, bool)>();
        var seen = new HashSet<string>();
        while (mesh.At < Options.Start + Time.Day)
        {
            foreach (var named in mesh.Next().Ordinary)
            {
                names.Add((named.Destination.Source, named.Destination.Confirmed));
                seen.Add(named.Destination.Name);
            }
        }

        Assert.Superset(
            new HashSet<(NameSource, bool)>
            {
                (NameSource.Registry, true), (NameSource.Special, true), (NameSource.Sni, true), (NameSource.Sni, false), (NameSource.Host, true),
                    (NameSource.Ptr, true),
                (NameSource.PtrUnconfirmed, false), (NameSource.Ip, false),
            },
            names);
        Assert.Superset(new HashSet<string> { "*.compute-1.amazonaws.com", "private", LabelValues.CloudMetadata }, seen);
    }

    private static Dictionary<(Flow, Metric, string, string), double> Sums(IReadOnlyList<NamedIncrement> seen) => seen
        .GroupBy(named => (named.Flow, named.Increment.Metric, named.Increment.Id.ResponseCode, named.Increment.Id.ResponseFlags))
        .ToDictionary(group => group.Key, group => group.Sum(named => named.Increment.Amount));

    private static bool AreSame<T>(Dictionary<T, double> one, Dictionary<T, double> other)
        where T : notnull => one.Count == other.Count && one.All(sum => other.TryGetValue(sum.Key, out var same) && same == sum.Value);

    private static (Increment, Destination, RefutedClaim?) Values(NamedIncrement named) => (named.Increment, named.Destination, named.Refuted);
}
