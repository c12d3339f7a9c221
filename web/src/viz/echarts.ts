// The parts of ECharts that are used, in one chunk that is loaded with the first chart.
import { BarChart, EffectScatterChart, HeatmapChart, LineChart, PieChart, ScatterChart, SunburstChart, TreemapChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GeoComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, registerMap, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

use([
  BarChart, EffectScatterChart, HeatmapChart, LineChart, PieChart, ScatterChart, SunburstChart, TreemapChart,
  AriaComponent, DataZoomComponent, GeoComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, VisualMapComponent,
  LabelLayout, CanvasRenderer,
]);

export { init, registerMap };
