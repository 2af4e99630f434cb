namespace EgressAlerts.Exam.Traffic;

/// <summary>The addresses of one service of a cloud or content network, of which some are in use at a time and change now and then.</summary>
/// <param name="make">Makes the target of another address.</param>
/// <param name="size">Addresses in use at a time.</param>
/// <param name="life">Seconds that an address is in use on average.</param>
internal sealed class Pool(Func<Dice, Target> make, int size, double life, Dice dice)
{
    private readonly List<Target> _targets = [.. Enumerable.Range(0, size).Select(_ => make(dice))];
    private long _next = long.MinValue;

    public Target Pick(long at)
    {
        if (_next == long.MinValue) _next = at + dice.Wait(life / size);
        for (; _next <= at; _next += dice.Wait(life / size)) _targets[dice.Below(size)] = make(dice);
        return dice.Pick(_targets);
    }
}
