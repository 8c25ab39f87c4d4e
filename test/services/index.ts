// The outside world that tests and measurements need: tools found or installed by Debian package, servers started
// and stopped, a real mirror port between network namespaces. Leaves nothing running and nothing configured behind.
// Knows nothing of what is measured.
export { type Nginx, type NginxOptions, startNginx } from './nginx.js';
export { type CaptureCount, type CaptureOptions, SPAN_ADDRESS, Span, type SpanEnd } from './span.js';
export { ensureTools, explainMissingSpan, findTool, MissingToolError, TOOLS, type ToolName } from './tool.js';
