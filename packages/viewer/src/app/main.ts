import 'uplot/dist/uPlot.min.css';
import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { view } from './state/view.svelte.ts';

view.restoreTheme();
void view.start();
mount(App, { target: document.body });
