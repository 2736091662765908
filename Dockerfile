# One image a host: `docker build --target worker .`, or ./build-images.sh for all. Bases are pinned to a version; the
# script's report says to which digest it resolved. The images hold no shell and no package tool, run as nobody special,
# and write nothing outside /tmp (and /data, where SQLite is used); all but the last, which nobody needs but Kumori.
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0.401-noble
ARG RUNTIME=mcr.microsoft.com/dotnet/aspnet:10.0.12-noble-chiseled
ARG RUNTIME_WITH_SHELL=mcr.microsoft.com/dotnet/aspnet:10.0.12-noble

# Built on the machine's own architecture, for the one that is asked for.
FROM --platform=$BUILDPLATFORM ${SDK} AS source
ARG TARGETARCH
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src ./src

# ReadyToRun: there is less to compile when a host starts, and each time one of a worker's children does.
FROM source AS publish-frontend
RUN --mount=type=cache,target=/root/.nuget/packages dotnet publish src/Hosts/Frontend -c Release --os linux -a $TARGETARCH --self-contained false -p:PublishReadyToRun=true -o /out

FROM source AS publish-dbmanager
RUN --mount=type=cache,target=/root/.nuget/packages dotnet publish src/Hosts/Db -c Release --os linux -a $TARGETARCH --self-contained false -p:PublishReadyToRun=true -o /out

FROM source AS publish-jqmanager
RUN --mount=type=cache,target=/root/.nuget/packages dotnet publish src/Hosts/Queue -c Release --os linux -a $TARGETARCH --self-contained false -p:PublishReadyToRun=true -o /out

FROM source AS publish-worker
RUN --mount=type=cache,target=/root/.nuget/packages dotnet publish src/Hosts/Worker -c Release --os linux -a $TARGETARCH --self-contained false -p:PublishReadyToRun=true -o /out

FROM source AS publish-scaler
RUN --mount=type=cache,target=/root/.nuget/packages dotnet publish src/Hosts/Scaler -c Release --os linux -a $TARGETARCH --self-contained false -p:PublishReadyToRun=true -o /out

FROM ${RUNTIME} AS base
# A debugger's socket would be a file, and the root file system may be read-only.
ENV FAAS_BIND=* FAAS_LOG=json DOTNET_EnableDiagnostics=0
WORKDIR /app
STOPSIGNAL SIGTERM
USER 1654:1654

FROM base AS frontend
COPY --from=publish-frontend /out ./
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["./FaaS.Hosts.Frontend", "health", "PORT", "8080"]
ENTRYPOINT ["./FaaS.Hosts.Frontend"]

FROM base AS dbmanager
# Schedules are written in time zones, which the chiselled base leaves out.
COPY --from=source /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=publish-dbmanager /out ./
EXPOSE 27444 28444
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["./FaaS.Hosts.Db", "health", "HEALTH_PORT", "28444"]
ENTRYPOINT ["./FaaS.Hosts.Db"]

FROM base AS jqmanager
COPY --from=publish-jqmanager /out ./
EXPOSE 27445 28445
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["./FaaS.Hosts.Queue", "health", "HEALTH_PORT", "28445"]
ENTRYPOINT ["./FaaS.Hosts.Queue"]

FROM base AS worker
COPY --from=publish-worker /out ./
EXPOSE 28446
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["./FaaS.Hosts.Worker", "health", "PORT", "28446"]
ENTRYPOINT ["./FaaS.Hosts.Worker"]

FROM base AS scaler
COPY --from=publish-scaler /out ./
EXPOSE 28447
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["./FaaS.Hosts.Scaler", "health", "PORT", "28447"]
ENTRYPOINT ["./FaaS.Hosts.Scaler"]

# What Kumori's scaler is made from (docs/deploy.md): its tool may need a shell, and script(1) to be given a terminal. The
# tool and the module are yours to add. Here the scaler writes into its working directory.
FROM ${RUNTIME_WITH_SHELL} AS scaler-kumori
ENV FAAS_BIND=* FAAS_LOG=json DOTNET_EnableDiagnostics=0 HOME=/app
WORKDIR /app
RUN test -x /usr/bin/script && chown 1654:1654 /app
STOPSIGNAL SIGTERM
USER 1654:1654
COPY --from=publish-scaler /out ./
EXPOSE 28447
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["./FaaS.Hosts.Scaler", "health", "PORT", "28447"]
ENTRYPOINT ["./FaaS.Hosts.Scaler"]
