// Draws a dashboard file with Grafana's own components and data from a Prometheus, without Grafana.
//
// What is Grafana's (npm packages @grafana/data and @grafana/ui): units, value mappings, thresholds, overrides, the
// transformations of tables, panel frames, stats, tables and time series. What is not: the layout on the page, the list
// of variables at the top, the conversion of Prometheus' answers to data frames, and the bands of state timelines,
// whose panel is part of the Grafana server and in no package.
import {
  applyFieldOverrides,
  createTheme,
  DataFrame,
  FieldConfigOptionsRegistry,
  FieldType,
  getFieldDisplayName,
  getFieldDisplayValues,
  identityOverrideProcessor,
  LoadingState,
  standardTransformers,
  standardTransformersRegistry,
  ThemeContext,
  transformDataFrame,
} from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import {
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  GlobalStyles,
  PanelChrome,
  Table,
  TimeSeries,
} from '@grafana/ui';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { firstValueFrom } from 'rxjs';

type Json = any;
type Values = Record<string, string>;
interface Shot {
  dashboard: Json;
  prometheus: string;
  from: number;
  to: number;
  step: number;
  values: Values;
  shown: Values;
  width: number;
}

const shot: Shot = (window as any).SHOT;
const theme = createTheme({ colors: { mode: 'dark' } });
const CELL = { height: 30, gap: 8 };

const fill = (text: string) => text.replace(/\$(?:(\w+)|\{(\w+)(?::\w+)?\})/g, (_, a, b) => shot.values[a ?? b] ?? '');

// ---- Prometheus' answers as data frames -----------------------------------------------------------------------------

async function ask(target: Json): Promise<DataFrame[]> {
  const query = new URLSearchParams({ query: fill(target.expr) });
  if (target.instant) {
    query.set('time', String(shot.to));
  } else {
    query.set('start', String(shot.from));
    query.set('end', String(shot.to));
    query.set('step', String(shot.step));
  }
  const path = target.instant ? 'query' : 'query_range';
  const answer = await (await fetch(`${shot.prometheus}/api/v1/${path}`, { method: 'POST', body: query })).json();
  if (answer.status !== 'success') {
    throw new Error(`${answer.error}: ${target.expr}`);
  }
  const series: Json[] = answer.data.result;
  return target.format === 'table' ? [asTable(series, target.refId)] : series.map((one) => asSeries(one, target));
}

const number = (text: string) => (text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text));

function asSeries(series: Json, target: Json): DataFrame {
  const points: Array<[number, string]> = series.values ?? [series.value];
  const at = new Map(points.map(([time, value]) => [time, number(value)]));
  const times = target.instant ? points.map(([time]) => time) : steps();
  const name = target.legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_: string, label: string) => series.metric[label] ?? '');
  return {
    refId: target.refId,
    length: times.length,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: times.map((time) => time * 1000) },
      {
        name: 'Value',
        type: FieldType.number,
        labels: series.metric,
        config: { displayNameFromDS: name || undefined },
        values: times.map((time) => at.get(time) ?? null),
      },
    ],
  };
}

function steps(): number[] {
  const times = [];
  for (let time = shot.from; time <= shot.to; time += shot.step) {
    times.push(time);
  }
  return times;
}

function asTable(series: Json[], refId: string): DataFrame {
  const labels = [...new Set(series.flatMap((one) => Object.keys(one.metric)))].sort();
  return {
    refId,
    length: series.length,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: series.map(() => shot.to * 1000) },
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        config: {},
        values: series.map((one) => one.metric[label]),
      })),
      { name: `Value #${refId}`, type: FieldType.number, config: {}, values: series.map((one) => number(one.value[1])) },
    ],
  };
}

// ---- Grafana's registries, which the server fills ---------------------------------------------------------------------

standardTransformersRegistry.setInit(() =>
  [standardTransformers.mergeTransformer, standardTransformers.organizeFieldsTransformer].map((one: Json) => ({
    id: one.id,
    name: one.name,
    transformation: one,
    editor: (() => null) as any,
    imageDark: '',
    imageLight: '',
  }))
);

function optionsOf(panel: Json): FieldConfigOptionsRegistry {
  const { defaults, overrides } = panel.fieldConfig;
  const standard = ['unit', 'min', 'max', 'decimals', 'displayName', 'noValue', 'thresholds', 'mappings', 'links', 'color'];
  const custom = new Set([
    ...Object.keys(defaults.custom ?? {}).map((name) => `custom.${name}`),
    ...overrides.flatMap((one: Json) => one.properties.map((entry: Json) => entry.id)),
  ]);
  const option = (id: string): Json => ({
    id,
    path: id.replace(/^custom\./, ''),
    name: id,
    isCustom: id.startsWith('custom.'),
    process: identityOverrideProcessor,
    shouldApply: () => true,
    override: () => null,
    editor: () => null,
    settings: {},
  });
  return new FieldConfigOptionsRegistry(() => [
    ...standard.map(option),
    ...[...custom].filter((id) => id.startsWith('custom.')).map(option),
  ]);
}

async function framesOf(panel: Json): Promise<DataFrame[]> {
  let frames = (await Promise.all(panel.targets.map(ask))).flat();
  if (panel.transformations) {
    frames = await firstValueFrom(transformDataFrame(panel.transformations, frames));
  }
  return applyFieldOverrides({
    data: frames,
    fieldConfig: panel.fieldConfig,
    fieldConfigRegistry: optionsOf(panel),
    replaceVariables: (text) => text,
    theme,
    timeZone: 'utc',
  });
}

// ---- Panels -----------------------------------------------------------------------------------------------------------

interface Drawn {
  panel: Json;
  frames: DataFrame[];
  width: number;
  height: number;
}

function Stat({ panel, frames, width, height }: Drawn) {
  const found = getFieldDisplayValues({
    fieldConfig: panel.fieldConfig,
    reduceOptions: panel.options.reduceOptions,
    replaceVariables: (text) => text,
    theme,
    data: frames,
    timeZone: 'utc',
  });
  const shown = frames.length ? found : [{ display: { text: panel.fieldConfig.defaults.noValue, numeric: NaN } } as Json];
  return (
    <div style={{ display: 'flex', width, height }}>
      {shown.map((one, index) => (
        <BigValue
          key={index}
          value={one.display}
          width={width / shown.length}
          height={height}
          theme={theme}
          colorMode={BigValueColorMode.Value}
          graphMode={BigValueGraphMode.None}
          justifyMode={BigValueJustifyMode.Auto}
          textMode={panel.options.textMode as BigValueTextMode}
          count={shown.length}
        />
      ))}
    </div>
  );
}

function Lines({ panel, frames, width, height }: Drawn) {
  return (
    <TimeSeries
      frames={frames}
      structureRev={1}
      timeRange={range()}
      timeZone="utc"
      width={width}
      height={height}
      legend={panel.options.legend}
      options={panel.options}
    />
  );
}

function range(): Json {
  const moment = (seconds: number) => ({ valueOf: () => seconds * 1000 });
  return { from: moment(shot.from), to: moment(shot.to), raw: { from: 'now-6h', to: 'now' } };
}

function Grid({ panel, frames, width, height }: Drawn) {
  const sortBy = panel.options.sortBy.map((one: Json) => ({ ...one }));
  return <Table data={frames[0]} width={width} height={height} initialSortBy={sortBy} cellHeight={'sm' as any} />;
}

function Bands({ frames, width, height }: Drawn) {
  const axis = 22;
  const names = frames.map((frame) => getFieldDisplayName(frame.fields[1], frame, frames).slice(0, 38));
  const label = 16 + Math.max(...names.map((name) => name.length)) * 6.2;
  const span = width - label - 8;
  const row = (height - axis) / Math.max(frames.length, 1);
  const x = (time: number) => label + ((time / 1000 - shot.from) / (shot.to - shot.from)) * span;
  const text = { fill: theme.colors.text.secondary, fontSize: 11, fontFamily: theme.typography.fontFamily };
  const ticks = [0, 1, 2, 3, 4, 5, 6].map((part) => shot.from + ((shot.to - shot.from) * part) / 6);
  return (
    <svg width={width} height={height}>
      {frames.map((frame, index) => {
        const field = frame.fields[1];
        const times = frame.fields[0].values;
        const top = index * row + row * 0.075;
        return (
          <g key={index}>
            <text {...text} x={label - 8} y={top + row * 0.425 + 4} textAnchor="end">
              {names[index]}
            </text>
            {runs(field.values).map(({ value, start, end }) => {
              const display = field.display!(value);
              const [from, to] = [x(times[start]), x(Math.min(times[end] + shot.step * 1000, shot.to * 1000))];
              return (
                <g key={start}>
                  <rect x={from} y={top} width={to - from} height={row * 0.85} fill={display.color} fillOpacity={0.8} />
                  {to - from > 40 && (
                    <text x={from + 5} y={top + row * 0.425 + 4} fontSize={11} fill={theme.colors.getContrastText(display.color!)}>
                      {display.text}
                    </text>
                  )}
                </g>
              );
            })}
          </g>
        );
      })}
      {ticks.map((time) => (
        <text {...text} key={time} x={x(time * 1000)} y={height - 6} textAnchor={time === shot.to ? 'end' : 'middle'}>
          {new Date(time * 1000).toISOString().slice(11, 16)}
        </text>
      ))}
    </svg>
  );
}

function runs(values: Array<number | null>): Array<{ value: number; start: number; end: number }> {
  const found: Array<{ value: number; start: number; end: number }> = [];
  values.forEach((value, index) => {
    const last = found[found.length - 1];
    if (value === null) {
      return;
    }
    if (last && last.value === value && last.end === index - 1) {
      last.end = index;
    } else {
      found.push({ value, start: index, end: index });
    }
  });
  return found;
}

const KINDS: Record<string, React.ComponentType<Drawn>> = {
  stat: Stat,
  timeseries: Lines,
  table: Grid,
  'state-timeline': Bands,
};

// ---- The page ---------------------------------------------------------------------------------------------------------

function Panel({ panel, frames }: { panel: Json; frames: DataFrame[] }) {
  const column = shot.width / 24;
  const place = panel.gridPos;
  const width = place.w * column - CELL.gap;
  const height = place.h * (CELL.height + CELL.gap) - CELL.gap;
  const Kind = KINDS[panel.type];
  return (
    <div style={{ position: 'absolute', left: place.x * column, top: place.y * (CELL.height + CELL.gap), width, height }}>
      <PanelChrome title={panel.title} width={width} height={height} loadingState={LoadingState.Done}>
        {(innerWidth, innerHeight) =>
          frames.length || panel.type === 'stat' ? (
            <Kind panel={panel} frames={frames} width={innerWidth} height={innerHeight} />
          ) : (
            <div style={{ textAlign: 'center', paddingTop: innerHeight / 2 - 12 }}>No data</div>
          )
        }
      </PanelChrome>
    </div>
  );
}

function Page({ drawn }: { drawn: Map<number, DataFrame[]> }) {
  const panels: Json[] = shot.dashboard.panels;
  const bottom = Math.max(...panels.map((panel) => panel.gridPos.y + panel.gridPos.h));
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ padding: 16, background: theme.colors.background.canvas, width: shot.width + 32 }}>
        <h3 style={{ marginBottom: 8 }}>{shot.dashboard.title}</h3>
        <div style={{ marginBottom: 12, color: theme.colors.text.secondary, fontSize: 13 }}>
          {Object.entries(shot.shown).map(([label, value]) => (
            <span key={label} style={{ marginRight: 18 }}>
              {label} <b style={{ color: theme.colors.text.primary }}>{value}</b>
            </span>
          ))}
        </div>
        <div style={{ position: 'relative', height: bottom * (CELL.height + CELL.gap) }}>
          {panels.map((panel) =>
            panel.type === 'row' ? (
              <div
                key={panel.id}
                style={{ position: 'absolute', top: panel.gridPos.y * (CELL.height + CELL.gap) + 6, fontWeight: 500 }}
              >
                {panel.title}
              </div>
            ) : (
              <Panel key={panel.id} panel={panel} frames={drawn.get(panel.id)!} />
            )
          )}
        </div>
      </div>
    </ThemeContext.Provider>
  );
}

async function main() {
  await initPluginTranslations('dashboards');
  const drawn = new Map<number, DataFrame[]>();
  for (const panel of shot.dashboard.panels) {
    if (panel.type !== 'row') {
      drawn.set(panel.id, await framesOf(panel));
    }
  }
  createRoot(document.getElementById('root')!).render(<Page drawn={drawn} />);
}

main().catch((error) => {
  document.body.innerText = `could not draw: ${error.stack}`;
});
