//! From spans to batches: OpenTelemetry's SDK, set up by its own variables, with a bound and a voice.
//!
//! The bad case first: a collector that does not answer. Spans wait in a queue of
//! `OTEL_BSP_MAX_QUEUE_SIZE` (2,048), what has no place there is lost and counted, and the thread that
//! sends is nobody else's. At the end of the process it gets a bounded time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, Span, SpanData, SpanExporter,
    SpanProcessor,
};
use stentor_engine::TRACE_TARGET;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::registry::LookupSpan;

use super::collector::Collector;
use super::telling::Telling;
use crate::settings::{SettingFault, TraceSettings};

/// What the service is called unless `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` says else.
const SERVICE_NAME: &str = "stentor";

/// The SDK's own value for how many spans wait at the most.
const QUEUE_SPANS_MAX: usize = 2_048;

/// OpenTelemetry's value for how long one export may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// Spans on their way to a collector.
#[derive(Debug)]
pub(crate) struct Exporting {
    provider: SdkTracerProvider,
    telling: Arc<Telling>,
    waiting: Arc<AtomicU64>,
}

impl Exporting {
    /// Starts the thread that sends batches. `Ok(None)` where there is nowhere to send them.
    ///
    /// # Errors
    /// What is wrong with the setting that the message names.
    pub(crate) fn start(
        settings: Option<&TraceSettings>,
        pod: &str,
    ) -> Result<Option<Exporting>, String> {
        let Some(settings) = settings else { return Ok(None) };
        let timeout = millis(["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"]);
        let timeout = timeout.unwrap_or(EXPORT_TIMEOUT);
        let telling = Arc::<Telling>::default();
        let collector = Collector::new(&settings.endpoint, timeout, Arc::clone(&telling))
            .map_err(|fault| fault.to_string())?;
        let exporter = OtlpExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(settings.endpoint.to_string())
            .with_timeout(timeout)
            .build()
            .map_err(|error| error.to_string())?;
        let queue_max = number("OTEL_BSP_MAX_QUEUE_SIZE").unwrap_or(QUEUE_SPANS_MAX);
        let waiting = Arc::<AtomicU64>::default();
        let exporter =
            Told { exporter, telling: Arc::clone(&telling), waiting: Arc::clone(&waiting) };
        let config = BatchConfigBuilder::default().with_max_queue_size(queue_max).build();
        let processor = Bounded {
            batches: BatchSpanProcessor::builder(exporter).with_batch_config(config).build(),
            telling: Arc::clone(&telling),
            waiting: Arc::clone(&waiting),
            waiting_max: queue_max as u64,
        };
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(pod))
            .with_span_processor(processor)
            .build();
        Ok(Some(Exporting { provider, telling, waiting }))
    }

    /// What only the exporter can judge of the settings.
    ///
    /// # Errors
    /// The first one at fault.
    pub(crate) fn judge(settings: &TraceSettings) -> Result<(), SettingFault> {
        Collector::new(&settings.endpoint, EXPORT_TIMEOUT, Arc::default()).map(|_| ())
    }

    /// Takes the spans of publications, whatever the level of what is logged, and no event.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + 'static
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let of_publications =
            FilterFn::new(|metadata| metadata.is_span() && metadata.target() == TRACE_TARGET);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(SERVICE_NAME))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            // Nothing here asks for OpenTelemetry's own idea of where it is.
            .with_context_activation(false)
            .with_filter(of_publications.with_max_level_hint(LevelFilter::INFO))
    }

    /// Sends what waits, and gives up after `within`.
    pub(crate) fn end(self, within: Duration) {
        // What is wrong has been told, or is in what is counted next.
        let _ = self.provider.shutdown_with_timeout(within);
        self.telling.ended(self.waiting.load(Ordering::Relaxed));
    }
}

/// What is told of this process; the environment's word counts before ours.
fn resource(pod: &str) -> Resource {
    let own = [
        KeyValue::new("service.name", SERVICE_NAME),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", pod.to_owned()),
    ];
    let whole = Resource::builder_empty()
        .with_attributes(own)
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_detector(Box::new(EnvResourceDetector::new()));
    match std::env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty()) {
        Some(name) => whole.with_service_name(name).build(),
        None => whole.build(),
    }
}

/// Milliseconds, in the first of these variables that is set. One that is no number counts as unset,
/// as OpenTelemetry has it.
fn millis(variables: [&str; 2]) -> Option<Duration> {
    let said = variables.into_iter().find_map(number)?;
    Some(Duration::from_millis(said as u64))
}

/// A whole number above 0.
fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.trim().parse().ok().filter(|number| *number > 0)
}

/// Hands ended spans to the SDK's batches as long as fewer than the most wait there. It bounds them
/// by itself too, but tells nobody how many it drops.
#[derive(Debug)]
struct Bounded {
    batches: BatchSpanProcessor,
    telling: Arc<Telling>,
    waiting: Arc<AtomicU64>,
    waiting_max: u64,
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.waiting_max {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.telling.dropped();
            return;
        }
        self.batches.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// Tells how each batch ended. Its spans wait until then.
#[derive(Debug)]
struct Told {
    exporter: OtlpExporter,
    telling: Arc<Telling>,
    waiting: Arc<AtomicU64>,
}

impl SpanExporter for Told {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let outcome = self.exporter.export(batch).await;
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        match &outcome {
            Ok(()) => self.telling.exported(),
            Err(error) => self.telling.failed(spans, &error.to_string()),
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
