using FaaS.Infrastructure.Http;
using FaaS.Tests.Shared.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Tests.Http;

/// <summary>Which request a line of the log belongs to.</summary>
public sealed class RequestScopeTests
{
    [Fact]
    public async Task Lines_WhenTheClientChoseAnId_CarryIt()
    {
        using var lifetime = new FakeLifetime();
        var log = new ScopeLog();
        var http = new DefaultHttpContext();
        http.Request.Headers["X-Request-Id"] = "req-77";

        await new EveryRequest(_ => Task.CompletedTask, lifetime, log).InvokeAsync(http);

        log.Scopes.Should().ContainSingle().Which.Should().Be("req-77");
        http.Response.Headers["X-Request-Id"].ToString().Should().Be("req-77");
    }

    [Fact]
    public async Task Lines_WhenTheClientChoseNone_NeedNoScopeOfTheirOwn()
    {
        using var lifetime = new FakeLifetime();
        var log = new ScopeLog();
        var http = new DefaultHttpContext { TraceIdentifier = "server-1" };

        await new EveryRequest(_ => Task.CompletedTask, lifetime, log).InvokeAsync(http);

        log.Scopes.Should().BeEmpty("the server has one with the same id already");
        http.Response.Headers["X-Request-Id"].ToString().Should().Be("server-1");
    }

    private sealed class ScopeLog : ILogger<EveryRequest>
    {
        public List<string> Scopes { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull
        {
            Scopes.AddRange(((IEnumerable<KeyValuePair<string, object?>>)state)
                .Where(pair => pair.Key == "RequestId").Select(pair => $"{pair.Value}"));
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }
    }
}
