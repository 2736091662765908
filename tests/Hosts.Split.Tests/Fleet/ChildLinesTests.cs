using System.Text.Json;
using FaaS.Hosts.Shared;
using Microsoft.Extensions.Configuration;

namespace FaaS.Hosts.Tests.Fleet;

public sealed class ChildLinesTests
{
    private static ChildLines Lines(string form) =>
        new(new ConfigurationBuilder().AddInMemoryCollection([new("FAAS_LOG", form)]).Build());

    [Theory]
    [InlineData("text", "12:00:00.000 info: all is well")]
    [InlineData("text", "   at Some.Method()")]
    [InlineData("text", "")]
    [InlineData("json", """{"Message":"all is well"}""")]
    public void Line_OfAChild_IsReadBackWithItsName(string form, string line)
    {
        var written = Lines(form).Format("worker-12", line);

        ChildLines.TryRead(written, out var child, out var own).Should().BeTrue();
        child.Should().Be("worker-12");
        own.Should().EndWith(line.TrimStart('{'));
    }

    [Theory]
    [InlineData("""{"Message":"a","State":{"b":[1,2]}}""", """{"Part":"worker-1","Message":"a","State":{"b":[1,2]}}""")]
    [InlineData(""" {"a":1}""", """{"Part":"worker-1","a":1}""")]
    [InlineData("{}", """{"Part":"worker-1","Message":"{}"}""")]
    [InlineData("""{"a":1} and more""", """{"Part":"worker-1","Message":"{\u0022a\u0022:1} and more"}""")]
    [InlineData("""{"a":"cut [...]""", """{"Part":"worker-1","Message":"{\u0022a\u0022:\u0022cut [...]"}""")]
    [InlineData("Cannot start: \\ \u0001", """{"Part":"worker-1","Message":"Cannot start: \\ \u0001"}""")]
    public void Line_ForMachines_IsAnObjectWhateverTheChildPrinted(string line, string expected)
    {
        var written = Lines("json").Format("worker-1", line);

        written.Should().Be(expected);
        JsonDocument.Parse(written).RootElement.GetProperty("Part").GetString().Should().Be("worker-1");
    }

    [Theory]
    [InlineData("12:00:00.000 info: worker-1 | is not at the head")]
    [InlineData("worker-1 |no space")]
    [InlineData("""{"Message":"Part","Part":"worker-1"}""")]
    [InlineData("Listening on http://127.0.0.1:1")]
    public void Line_OfTheHostItself_IsNotTakenForAChilds(string line) =>
        ChildLines.TryRead(line, out _, out _).Should().BeFalse();
}
